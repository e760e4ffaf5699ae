"""The learning record store: the service around statements, records, achievements and claims."""
