"""Receivers: the banks that claims are put to; how each is reached, what it recognises."""

from __future__ import annotations

from typing import Any

import yaml
from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from adapters.outbound import DeliveryError, HasCatalogue, outbound_adapters
from adapters.outbound_http import Unacceptable, require_safe
from lrs.api.cursors import read_cursor, write_cursor
from lrs.auth.client_key import public_jwks
from lrs.console.claims import READERS
from lrs.console.forms import Form
from lrs.console.frame import Pages
from lrs.console.language import gettext as _
from lrs.exchange.receivers import NAME, SettingsFault, checked_settings, put_receiver
from lrs.exchange.work import connections
from lrs.problems import Problem
from lrs.service import Service
from lrs.store.exchange import KnownReceiver
from schemas.audit import Act
from schemas.texts import text_of

PAGE = 50
SHOWN = 5
OF_THIS_MACHINE = ("authorities", "certificate")
"""Settings that name files of the machine: who may write pages may not read files by them."""


def install(pages: Pages) -> None:
    """Add the list of receivers and the page of one, and what their forms send to."""
    service = pages.service
    store = service.store

    @pages.route("/receivers", *READERS)
    def receivers_list() -> ResponseReturnValue:
        return receivers_page(service)

    @pages.route("/receivers", methods=("POST",))
    def receivers_add() -> ResponseReturnValue:
        form = Form()
        name = form.text("name", 64, needed=True)
        if name and not NAME.fullmatch(name):
            form.faults["name"] = _("A name is of small letters, digits and hyphens.")
        elif name in store.exchange.receivers():
            form.faults["name"] = _("There is a receiver “%(name)s” already.", name=name)
        wanted = _with(form, name, None)
        if wanted is None:
            return receivers_page(service, form), 400
        put_receiver(store, wanted, act_of(service, "receiver.put", name, url=wanted.url))
        flash(_("The receiver is added; what is verified already is claimed there too."), "good")
        return redirect(url_for("console.receivers_one", receiver=name), 303)

    @pages.route("/receivers/<receiver>", *READERS)
    def receivers_one(receiver: str) -> ResponseReturnValue:
        return receiver_page(service, known_receiver(service, receiver))

    @pages.route("/receivers/<receiver>", methods=("POST",))
    def receivers_change(receiver: str) -> ResponseReturnValue:
        form, known = Form(), known_receiver(service, receiver)
        wanted = _with(form, receiver, known)
        if wanted is None:
            return receiver_page(service, known, form), 400
        put_receiver(store, wanted, act_of(service, "receiver.put", receiver, url=wanted.url))
        flash(_("It is kept; the next delivery goes by it."), "good")
        return back_to(receiver)

    @pages.route("/receivers/<receiver>/catalogue", methods=("POST",))
    def receivers_ask(receiver: str) -> ResponseReturnValue:
        known_receiver(service, receiver)
        to = connections(service)
        try:
            connection = to.to(receiver)
            if not isinstance(connection, HasCatalogue):
                flash(_("It does not say which units it recognises."), "bad")
                return back_to(receiver)
            recognised = list(connection.catalogue())
        except DeliveryError as error:
            flash(_("It could not be asked: %(why)s", why=text_of(error)), "bad")
            return back_to(receiver)
        finally:
            to.close()
        store.reconciliations.put_catalogue(receiver, recognised)
        flash(_("It recognises %(count)s units.", count=len(recognised)), "good")
        return back_to(receiver)


def act_of(service: Service, action: str, subject: str, reason: str = "", **detail: Any) -> Act:
    """Return what the administrator who asks is about to do, for the audit log."""
    principal = service.principal().id
    return Act(principal=principal, action=action, subject=subject, reason=reason, detail=detail)


def known_receiver(service: Service, receiver: str) -> KnownReceiver:
    """Return the receiver. Raises Problem (404)."""
    found = service.store.exchange.receivers().get(receiver)
    if found is None:
        raise Problem(404, _("There is no such receiver."))
    return found


def back_to(receiver: str) -> ResponseReturnValue:
    """Return the way back to the page of a receiver."""
    return redirect(url_for("console.receivers_one", receiver=receiver), 303)


def receivers_page(service: Service, form: Form | None = None) -> str:
    """Return the list of receivers, with what is wrong with a form that was sent."""
    store = service.store
    keys = public_jwks(store.client_keys, service.root_secret)["keys"]
    return render_template(
        "receivers.html",
        receivers=store.exchange.receivers().values(),
        circuits=store.outbox.circuits(),
        keys=[key["kid"] for key in keys],
        **_said(service, form),
    )


def receiver_page(service: Service, receiver: KnownReceiver, form: Form | None = None) -> str:
    """Return the page of a receiver, with what is wrong with a form that was sent."""
    store, name = service.store, receiver.name
    after = read_cursor(request.args.get("cursor"), str) or ""
    recognised = store.reconciliations.catalogue(name, after, PAGE)
    following = None
    if len(recognised) == PAGE:
        place = write_cursor(recognised[-1].code)
        following = url_for("console.receivers_one", receiver=name, cursor=place)
    shown: dict[str, Any] = {
        where: store.outbox.towards(name, SHOWN, parked=parked)
        for where, parked in (("set_aside", True), ("on_their_way", False))
    }
    kept = {key: value for key, value in receiver.settings.items() if value}
    return render_template(
        "receiver.html",
        one=receiver,
        circuit=store.outbox.circuits().get(name),
        reconciliations=store.reconciliations.page(None, SHOWN, name),
        recognised=recognised,
        ours={unit.code: unit for unit in store.units.all()},
        next=following,
        settings=yaml.safe_dump(kept, allow_unicode=True, sort_keys=False) if kept else "",
        **shown,
        **_said(service, form),
    )


def _said(service: Service, form: Form | None) -> dict[str, Any]:
    return {
        "adapters": [(name, name) for name in sorted(outbound_adapters())],
        "administrator": service.principal(*READERS).holds(),
        "faults": form.faults if form else {},
        "given": request.form if form else None,
    }


def _with(form: Form, name: str, known: KnownReceiver | None) -> KnownReceiver | None:
    """The receiver as the form says; None where something is among the form's faults."""
    adapter = form.choice("adapter", outbound_adapters())
    url = form.text("url", 2000, needed=True)
    if "url" not in form.faults:
        try:
            require_safe(url)
        except Unacceptable as error:
            form.faults["url"] = _("This address cannot be used: %(error)s", error=text_of(error))
    client_id = form.text("client_id", 200, needed=True)
    institution = form.text("institution", 200, needed=True)
    settings = _settings(form, known.settings if known else {})
    if form.faults or adapter is None:
        return None
    return KnownReceiver(
        name=name,
        adapter=adapter,
        url=url,
        client_id=client_id,
        institution=institution,
        settings=settings,
    )


def _settings(form: Form, known: dict[str, Any]) -> dict[str, Any]:
    """The settings that were typed as YAML; what names files of the machine stays as it is."""
    try:
        settings = checked_settings(yaml.safe_load(request.form.get("settings", "")) or {})
    except (yaml.YAMLError, SettingsFault) as error:
        form.faults["settings"] = _("These settings cannot be used: %(error)s", error=error)
        return {}
    changed = [one for one in OF_THIS_MACHINE if settings.get(one) != known.get(one)]
    secret = settings.get("secret")
    if secret != known.get("secret") and not str(secret or "store:").startswith("store:"):
        changed.append("secret")
    if changed:
        form.faults["settings"] = _(
            "%(names)s name a file or a variable of the machine: set them there, with"
            " “lrs receiver add”. A secret can be store:NAME.",
            names=", ".join(changed),
        )
    return settings
