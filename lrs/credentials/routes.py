"""What anybody may fetch: issuer, keys, status lists; credentials by an address nobody guesses."""

from __future__ import annotations

import hashlib
import io
import uuid
from datetime import datetime
from importlib.resources import files

import msgspec
import segno
from flask import Blueprint, Response, render_template, request
from flask.typing import ResponseReturnValue
from markupsafe import escape

from adapters.open_badges import bake
from adapters.outbound import Refused, Unavailable
from lrs.credentials.hosts import CALLBACK
from lrs.problems import Problem
from lrs.service import Service
from schemas.issued import IssuedCredential
from schemas.texts import Text, text_of

CACHED = 300
"""Seconds that a status list may be kept: about how long a revocation takes to be seen."""

FORMS = ("json", "jwt", "svg", "png")


def blueprint(service: Service) -> Blueprint:
    """Return the public routes of credentials."""
    routes = Blueprint("public_credentials", __name__)
    issuing, credentials = service.issuing, service.store.credentials

    @routes.get("/issuer")
    def issuer() -> Response:
        return _answer(msgspec.json.encode(issuing.published()), "application/json", CACHED)

    @routes.get("/issuer/certificates.pem")
    def certificates() -> Response:
        return _answer(issuing.certificates(), "application/x-pem-file", CACHED)

    @routes.get("/status/<int:number>")
    def status(number: int) -> Response:
        found = issuing.status_list(number)
        if found is None:
            raise Problem(404, "There is no such status list.")
        return _answer(msgspec.json.encode(found), "application/vc", CACHED)

    @routes.get("/credentials/<uuid:number>")
    def credential(number: uuid.UUID) -> Response:
        found = credentials.get(str(number))
        if found is None:
            raise Problem(404, "There is no such credential.")
        if "form" not in request.args and _is_a_browser():
            return _page(found)
        form = request.args.get("form", "json")
        if form not in FORMS:
            raise Problem(
                400, Text("The parameter form must be one of %(known)s.", known=", ".join(FORMS))
            )
        return _credential(found, form, f"{issuing.issuer.url}/credentials/{found.id}")

    @routes.get(CALLBACK)
    def agreed() -> ResponseReturnValue:
        principal = service.principal("learner")
        state, code = request.args.get("state", ""), request.args.get("code")
        try:
            link = service.badge_hosts.answered(state, code, principal.id)
        except LookupError as error:
            raise Problem(400, Text("%(error)s.", error=text_of(error))) from None
        except (Unavailable, Refused) as error:
            raise Problem(
                502,
                Text("The host did not do its part: %(error)s. Begin anew.", error=text_of(error)),
            ) from None
        return render_template("badge_link.html", link=link)

    return routes


def _is_a_browser() -> bool:
    """Whether a page is asked for; whoever takes anything gets the credential itself."""
    return request.accept_mimetypes.best_match(["application/vc", "text/html"]) == "text/html"


def _page(found: IssuedCredential) -> Response:
    told = msgspec.json.decode(found.document)
    page = render_template(
        "credential.html",
        title=told["name"],
        issuer=told["issuer"]["name"],
        awarded=datetime.fromisoformat(told["awardedDate"]),
        number=found.id,
        revoked=found.revoked,
    )
    headers = {"Cache-Control": "no-store", "Vary": "Accept"}
    return Response(page, 200, {"Content-Type": "text/html; charset=utf-8", **headers})


def _credential(found: IssuedCredential, form: str, url: str) -> Response:
    if form == "jwt":
        return _answer(found.token.encode(), "application/vc+jwt")
    if form == "svg":
        answer = _answer(bake(badge_image(found), found.token), "image/svg+xml")
        # The image is opened on its own as well: whatever is in it runs nothing.
        answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
        return answer
    if form == "png":
        return _answer(bake(qr_code(url), found.token), "image/png")
    return _answer(found.document, "application/vc")


def qr_code(url: str) -> bytes:
    """Return a PNG image of the QR code that leads to a credential's address."""
    image = io.BytesIO()
    segno.make(url, error="m").save(image, kind="png", scale=8, border=4)
    return image.getvalue()


def badge_image(credential: IssuedCredential) -> bytes:
    """Return an SVG image for a credential, not baked yet: its title, level and issuer."""
    told = msgspec.json.decode(credential.document)
    template = files("lrs.credentials").joinpath("badge.svg").read_text("utf-8")
    title = told["name"]
    lines = [title[place : place + 14] for place in range(0, min(len(title), 42), 14)]
    return template.format(
        title=escape(title),
        lines="".join(
            f'<tspan x="160" dy="{26 if number else 0}">{escape(line)}</tspan>'
            for number, line in enumerate(lines)
        ),
        issuer=escape(told["issuer"]["name"][:40]),
        date=escape(told["awardedDate"][:10]),
    ).encode()


def _answer(body: bytes, media_type: str, cached: int | None = None) -> Response:
    response = Response(body, 200, {"Content-Type": media_type})
    response.set_etag(hashlib.sha256(body).hexdigest()[:32])
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Cache-Control"] = f"public, max-age={cached}" if cached else "private"
    response.make_conditional(request)
    return response
