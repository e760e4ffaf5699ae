"""OAuth clients: registered, changed, given another secret, revoked."""

from __future__ import annotations

import json
from typing import Any

import msgspec
from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from lrs.api.cursors import read_cursor, write_cursor
from lrs.auth.sources import KEY
from lrs.console.forms import Form
from lrs.console.frame import Pages
from lrs.console.language import gettext as _
from lrs.oauth.registration import Registration
from lrs.problems import Problem
from lrs.service import Service
from schemas.audit import Act
from schemas.clients import CLIENT_METHODS, CLIENT_SCOPES, Client, ClientError
from schemas.texts import text_of

PAGE = 50
CHANGED = ("name", "scopes", "organisation", "source", "jwks", "jwks_uri")
NEW = Client(id="", name="", method="private_key_jwt", scopes=())


def install(pages: Pages) -> None:
    """Add the list of clients and the page of one, and what their forms send to."""
    service = pages.service
    store = service.store.clients
    registration = Registration(store, service.store.sources, service.root_secret)

    @pages.route("/operations/clients")
    def clients_list() -> ResponseReturnValue:
        return _list(service)

    @pages.route("/operations/clients", methods=("POST",))
    def clients_add() -> ResponseReturnValue:
        form = Form()
        id_ = form.text("id", 64, needed=True)
        if id_ and not KEY.fullmatch(id_):
            form.faults["id"] = _("An id is of 1 to 64 of A–Z a–z 0–9 . _ ~ -")
        method = form.choice("method", CLIENT_METHODS)
        wanted = _with(form, msgspec.structs.replace(NEW, id=id_, method=method or NEW.method))
        if form.faults:
            return _list(service, form), 400
        try:
            act = _act(service, "client.add", id_, scopes=list(wanted.scopes))
            secret = registration.add(wanted, act)
        except ClientError as error:
            return _list(service, form, str(error)), 400
        if secret is None:
            flash(_("The client is registered; it signs in with its own key."), "good")
            return redirect(url_for("console.clients_one", client=id_), 303)
        return _one(service, id_, secret=secret)

    @pages.route("/operations/clients/<client>")
    def clients_one(client: str) -> ResponseReturnValue:
        return _one(service, client)

    @pages.route("/operations/clients/<client>", methods=("POST",))
    def clients_change(client: str) -> ResponseReturnValue:
        form, known = Form(), _found(service, client)
        wanted = _with(form, known)
        if form.faults:
            return _one(service, client, form=form), 400
        changes = {name: getattr(wanted, name) for name in CHANGED}
        changed = [name for name in CHANGED if getattr(known, name) != changes[name]]
        try:
            registration.check(wanted)
        except ClientError as error:
            return _one(service, client, form=form, fault=text_of(error)), 400
        act = _act(service, "client.change", client, changed=changed)
        store.change(client, lambda one: msgspec.structs.replace(one, **changes), act)
        flash(_("It is kept, and felt at its next request."), "good")
        return redirect(url_for("console.clients_one", client=client), 303)

    @pages.route("/operations/clients/<client>/secret", methods=("POST",))
    def clients_rotate(client: str) -> ResponseReturnValue:
        try:
            secret = registration.new_secret(
                _found(service, client), _act(service, "client.secret", client)
            )
        except ClientError as error:
            return _one(service, client, fault=text_of(error)), 409
        return _one(service, client, secret=secret)

    @pages.route("/operations/clients/<client>/revocation", methods=("POST",))
    def clients_revoke(client: str) -> ResponseReturnValue:
        _found(service, client)
        registration.revoke(client, service.store.now(), _act(service, "client.revoke", client))
        flash(_("The client is revoked, and every token that it has."), "good")
        return redirect(url_for("console.clients_one", client=client), 303)


def _act(service: Service, action: str, client: str, **detail: Any) -> Act:
    principal = service.principal().id
    return Act(principal=principal, action=action, subject=client, detail=detail)


def _found(service: Service, client: str) -> Client:
    found = service.store.clients.client(client)
    if found is None:
        raise Problem(404, _("There is no such client."))
    return found


def _list(service: Service, form: Form | None = None, fault: str | None = None) -> str:
    found = service.store.clients.page(read_cursor(request.args.get("cursor"), str), PAGE)
    following = None
    if len(found) == PAGE:
        following = url_for("console.clients_list", cursor=write_cursor(found[-1].id))
    return render_template("clients.html", clients=found, next=following, **_said(form, fault))


def _one(
    service: Service,
    client: str,
    *,
    secret: str | None = None,
    form: Form | None = None,
    fault: str | None = None,
) -> str:
    found = _found(service, client)
    keys = json.dumps(found.jwks, indent=2) if found.jwks else ""
    return render_template("client.html", one=found, keys=keys, secret=secret, **_said(form, fault))


def _said(form: Form | None, fault: str | None) -> dict[str, Any]:
    return {
        "scopes": CLIENT_SCOPES,
        "fault": fault,
        "faults": form.faults if form else {},
        "given": request.form if form else None,
    }


def _with(form: Form, client: Client) -> Client:
    """The client as the form says; what is wrong is among the form's faults."""
    return msgspec.structs.replace(
        client,
        name=form.text("name", 200, needed=True),
        scopes=form.choices("scopes", CLIENT_SCOPES),
        organisation=form.text("organisation", 64) or None,
        source=form.text("source", 64) or None,
        jwks=_keys(form),
        jwks_uri=form.text("jwks_uri", 2000) or None,
    )


def _keys(form: Form) -> dict[str, Any] | None:
    text = request.form.get("jwks", "").strip()
    if not text:
        return None
    try:
        keys: dict[str, Any] = msgspec.json.decode(text, type=dict[str, Any])
        msgspec.convert(keys.get("keys"), list[dict[str, Any]])
    except (msgspec.MsgspecError, UnicodeEncodeError) as error:
        form.faults["jwks"] = _('Write a JWK set, {"keys": […]}: %(why)s', why=error)
        return None
    return keys
