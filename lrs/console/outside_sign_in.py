"""Signing in at the outside identity provider, and coming back."""

from __future__ import annotations

import msgspec
from flask import Blueprint, Response, current_app, redirect, request, session
from flask.typing import ResponseReturnValue

from adapters.outbound_http import OutboundError
from lrs.console.language import gettext as _
from lrs.console.sign_in import local_address, signed_in
from lrs.oauth.identity_provider import IdentityProvider, Journey, NotSignedIn
from lrs.problems import Problem
from lrs.service import Service
from schemas.audit import Act


def blueprint(service: Service) -> Blueprint:
    """Return the two addresses; they are for strangers."""
    pages = Blueprint("outside_sign_in", __name__)

    @pages.after_request
    def never_kept(response: Response) -> Response:
        response.headers["Cache-Control"] = "no-store"
        return response

    @pages.get("/sign-in/outside")
    def depart() -> ResponseReturnValue:
        try:
            address, journey = _provider().departure(local_address(request.args.get("next")))
        except OutboundError:
            raise Problem(503, _("The identity provider cannot be reached now.")) from None
        session["journey"] = msgspec.to_builtins(journey)
        return redirect(address, 303)

    @pages.get("/sign-in/outside/back")
    def arrive() -> ResponseReturnValue:
        try:
            journey = msgspec.convert(session.pop("journey", None), Journey)
            subject = _provider().arrival(request.args.to_dict(), journey)
        except OutboundError:
            raise Problem(503, _("The identity provider cannot be reached now.")) from None
        except (NotSignedIn, msgspec.ValidationError) as error:
            current_app.logger.warning("nobody came back from the provider: %s", error)
            raise Problem(
                403, _("You were not signed in. Begin again at the sign-in page.")
            ) from None
        person = service.store.people.with_subject(subject)
        if person is None or person.disabled is not None:
            service.store.audit.note(
                Act(
                    principal="stranger",
                    action="sign_in.refused",
                    subject=person.id if person else "",
                    detail={"at": subject},
                )
            )
            text = _(
                "You have no account here. Give an administrator this: %(subject)s",
                subject=subject,
            )
            raise Problem(403, text)
        return signed_in(service, f"person:{person.id}", journey.after)

    def _provider() -> IdentityProvider:
        if service.identity_provider is None:
            raise Problem(404, _("There is no identity provider to sign in at."))
        return service.identity_provider

    return pages
