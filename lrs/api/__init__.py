"""Our own resources, under `/api/v1`."""
