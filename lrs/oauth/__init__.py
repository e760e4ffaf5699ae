"""Our own OAuth 2.0 authorization server, and the check of the tokens that open our doors."""
