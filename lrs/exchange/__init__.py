"""Claims on their way to receivers: everything that leaves goes through the outbox."""
