"""What an operator sees of the running service: readiness, metrics, logs, traces."""
