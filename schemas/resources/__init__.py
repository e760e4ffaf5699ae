"""Our own resources as the REST API takes and gives them: marshmallow schemas, a module a noun."""
