"""What receivers know us by: client secrets, kept sealed, and the key that we sign in with."""

from __future__ import annotations

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from lrs.auth.client_key import PUBLISHED_BEFORE, rotate_client_key
from lrs.console.forms import Form
from lrs.console.frame import Pages
from lrs.console.language import gettext as _
from lrs.console.receivers import (
    act_of,
    back_to,
    known_receiver,
    receiver_page,
    receivers_page,
)


def install(pages: Pages) -> None:
    """Add what the forms for secrets and keys send to."""
    service = pages.service
    store = service.store

    @pages.route("/receivers/<receiver>/secret", methods=("POST",))
    def receivers_secret(receiver: str) -> ResponseReturnValue:
        form, known = Form(), known_receiver(service, receiver)
        secret = form.text("secret", 4096, needed=True)
        if form.faults:
            return receiver_page(service, known, form), 400
        service.secret_places.keep(receiver, secret)
        store.audit.note(act_of(service, "receiver-secret.keep", receiver))
        flash(_("The secret is kept, sealed, as store:%(name)s.", name=receiver), "good")
        return back_to(receiver)

    @pages.route("/receivers/keys", methods=("POST",))
    def receivers_rotate_key() -> ResponseReturnValue:
        form = Form()
        reason = form.text("key_reason", 2000, needed=True)
        if form.faults:
            return receivers_page(service, form), 400
        at_once = bool(request.form.get("at_once"))
        kid = rotate_client_key(store.client_keys, service.root_secret, at_once=at_once)
        store.audit.note(act_of(service, "client-key.rotate", kid, reason))
        text = (
            _("The new key signs now; the one before is published no more.")
            if at_once
            else _(
                "The new key is published; it signs in %(minutes)s minutes.",
                minutes=int(PUBLISHED_BEFORE / 60),
            )
        )
        flash(text, "good")
        return redirect(url_for("console.receivers_list"), 303)
