"""What enterprises read of their consenting employees' achievements."""
