"""The web application."""

from __future__ import annotations

from flask import Flask
from flask.typing import ResponseReturnValue

from adapters.outbound_http import OutboundHttp
from lrs import collector, problems
from lrs.api import blueprint
from lrs.api.nouns import api_blueprints
from lrs.auth import browser_sessions, headers
from lrs.auth.client_key import public_jwks
from lrs.console import account, language, outside_sign_in, pages, sign_in
from lrs.console.frame import problem_page
from lrs.credentials import routes as credential_routes
from lrs.ledger import routes as ledger_routes
from lrs.lifeline import exit_with_parent, is_bound
from lrs.oauth import routes as oauth_routes
from lrs.oauth import server as oauth
from lrs.oauth.client_keys import ClientKeys
from lrs.observe import logs, metrics, readiness, requests, tracing
from lrs.receiving import Receiving
from lrs.service import Service
from lrs.settings import Settings
from lrs.store.opening import require_store
from lrs.xapi import about, activities, agents, documents, reading, responses, writing
from lrs.xapi.bodies import Unwrapped
from lrs.xapi.plain_posts import PlainPosts


def create_app(settings: Settings | None = None) -> Flask:
    """Return the application for the settings, by default those of the environment."""
    if settings is not None:
        return _application(settings)
    exit_with_parent()
    logs.configure()
    settings = Settings.from_environment()
    if is_bound():
        require_store(settings)
    app = _application(settings)
    collector.look_less_often()
    return app


def _application(settings: Settings) -> Flask:
    service = Service(settings)
    app = Flask("lrs", static_folder=None)
    app.config.update(
        SECRET_KEY=service.root_secret.derive(b"sessions"),
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=service.secure,
    )
    app.extensions["lrs"] = service
    start_span, spoken = tracing.start_span(), responses.Spoken()
    unwrapped = Unwrapped(app.wsgi_app, service.settings.body_limit)
    answered = unwrapped if start_span else PlainPosts(unwrapped, service, spoken)
    app.wsgi_app = Receiving(answered)  # type: ignore[method-assign]
    requests.install(app, start_span)
    headers.install(app, secure=service.secure)
    responses.install(app, service, spoken)
    browser_sessions.install(app, service.browsers)
    language.install(app)
    account.install(app, service)
    app.register_blueprint(reading.blueprint(service), url_prefix="/xapi")
    app.register_blueprint(writing.blueprint(service), url_prefix="/xapi")
    app.register_blueprint(about.blueprint(), url_prefix="/xapi")
    app.register_blueprint(activities.blueprint(service), url_prefix="/xapi")
    app.register_blueprint(agents.blueprint(service), url_prefix="/xapi")
    app.register_blueprint(documents.blueprint(service), url_prefix="/xapi")
    blueprint.install(app, api_blueprints(service))
    app.register_blueprint(credential_routes.blueprint(service))
    app.register_blueprint(ledger_routes.blueprint(service))
    app.register_blueprint(pages.blueprint(service))
    app.register_blueprint(sign_in.blueprint(service))
    app.register_blueprint(outside_sign_in.blueprint(service))
    app.register_blueprint(account.blueprint(service))
    app.register_blueprint(readiness.blueprint(service.store.health))
    app.register_blueprint(metrics.blueprint(service.store, service.settings.metrics_token))

    parts = oauth.AuthorizationParts(
        issuer=service.settings.public_url,
        clients=service.store.clients,
        keys=service.signing_keys,
        tokens=service.tokens,
        root=service.root_secret,
        client_keys=ClientKeys(OutboundHttp(networks=service.settings.webhook_networks)),
    )
    app.register_blueprint(oauth_routes.blueprint(service, oauth.authorization_server(app, parts)))
    problems.install(app, problem_page)

    @app.get("/.well-known/jwks.json")
    def jwks() -> ResponseReturnValue:
        return public_jwks(service.store.client_keys, service.root_secret)

    return app
