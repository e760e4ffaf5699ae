"""The addresses of the authorization server."""

from __future__ import annotations

from authlib.integrations.flask_oauth2 import AuthorizationServer
from flask import Blueprint, Response
from flask.typing import ResponseReturnValue

from lrs.oauth import server as oauth
from lrs.service import Service


def blueprint(service: Service, server: AuthorizationServer) -> Blueprint:
    """Return the routes; metadata and keys are for everybody, the others for clients."""
    routes = Blueprint("oauth", __name__)
    url = service.settings.public_url

    @routes.get("/.well-known/oauth-authorization-server")
    def metadata() -> ResponseReturnValue:
        return oauth.metadata(url)

    @routes.get("/.well-known/oauth-protected-resource")
    def resource_metadata() -> ResponseReturnValue:
        return oauth.resource_metadata(url, service.tokens.issuers())

    @routes.get(oauth.KEYS_PATH)
    def keys() -> ResponseReturnValue:
        return service.signing_keys.published()

    @routes.post(oauth.TOKEN_PATH)
    def token() -> ResponseReturnValue:
        return _kept_nowhere(server.create_token_response())

    @routes.post(oauth.INTROSPECTION_PATH)
    def introspect() -> ResponseReturnValue:
        return _kept_nowhere(server.create_endpoint_response("introspection"))

    @routes.post(oauth.REVOCATION_PATH)
    def revoke() -> ResponseReturnValue:
        return _kept_nowhere(server.create_endpoint_response("revocation"))

    return routes


def _kept_nowhere(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    return response
