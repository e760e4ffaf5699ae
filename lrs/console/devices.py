"""Devices that record without a network: registered by their keys, revoked."""

from __future__ import annotations

import msgspec
from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from lrs.console.frame import Pages
from lrs.console.language import gettext as _
from lrs.console.language import text_language
from lrs.imports import devices
from lrs.imports.intake import SourceRefused


def install(pages: Pages) -> None:
    """Add the list of devices, and what its forms send to."""
    service = pages.service

    @pages.route("/devices", "registrar")
    def devices_list() -> ResponseReturnValue:
        found = service.store.devices.page(None, 200)
        gaps = {one.id: service.store.devices.gaps(one.id, devices.GAPS_SHOWN) for one in found}
        return render_template("devices.html", devices=found, gaps=gaps)

    @pages.route("/devices", "registrar", methods=("POST",))
    def devices_register() -> ResponseReturnValue:
        by = service.principal("registrar").id
        if request.form.get("revoke"):
            reason = request.form.get("reason", "").strip() or _("by the console")
            service.store.devices.revoke(request.form["revoke"], by, reason)
            flash(_("The device is revoked."), "good")
            return redirect(url_for("console.devices_list"), 303)
        try:
            jwk = msgspec.json.decode(request.form.get("jwk", ""), type=dict[str, str])
            name = request.form.get("name", "").strip()
            devices.register(service, name or _("a device"), jwk, devices.SOURCE, by)
        except (msgspec.DecodeError, devices.KeyRefused) as refusal:
            flash(_("The key cannot be taken: %(why)s", why=refusal), "bad")
        except SourceRefused as refused:
            flash(refused.reason[text_language()], "bad")
        else:
            flash(_("The device is registered."), "good")
        return redirect(url_for("console.devices_list"), 303)
