"""Backups: made beside the running service, and brought back to a folder of their own."""
