"""Sources and their keys: made, changed, rotated, revoked; a secret is shown once."""

from __future__ import annotations

import time
from typing import Any

import msgspec
from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from lrs.api.cursors import read_cursor, write_cursor
from lrs.auth.sources import KEY, KeyTaken, new_key
from lrs.console.frame import Pages
from lrs.console.language import gettext as _
from lrs.console.language import typed_instant
from lrs.problems import Problem
from lrs.service import Service
from lrs.store.sources import Sources
from schemas.audit import Act
from schemas.sources import PROVENANCES, SCOPES, Source

PAGE = 50
FIELDS = ("name", "provenance", "scopes", "activities", "home_pages", "expires")
OVERLAPS = (0, 3600, 86_400, 7 * 86_400)
"""Seconds that the secrets before work on, offered by the form."""


def install(pages: Pages) -> None:
    """Add the list of sources and the page of one, and what their forms send to."""
    service = pages.service
    store = service.store.sources

    @pages.route("/operations/sources")
    def sources_list() -> ResponseReturnValue:
        return _list(store, None)

    @pages.route("/operations/sources", methods=("POST",))
    def sources_add() -> ResponseReturnValue:
        key = request.form.get("key", "").strip() or new_key()
        try:
            if not KEY.fullmatch(key):
                raise ValueError(_("A key is of 1 to 64 of A–Z a–z 0–9 . _ ~ -"))
            wanted = _with(Source(id=0, key=key, name="", provenance="manual", scopes=()))
            source, secret = service.credentials.issue(
                key=key,
                name=wanted.name,
                provenance=wanted.provenance,
                scopes=wanted.scopes,
                limits=wanted,
                act=_act(service, "source.add", key, scopes=list(wanted.scopes)),
            )
        except KeyTaken:
            return _list(
                store, _("There is a source “%(key)s” already: choose another key.", key=key)
            ), 409
        except ValueError as error:
            return _list(store, str(error)), 400
        return _one(store, source.key, secret=secret)

    @pages.route("/operations/sources/<key>")
    def sources_one(key: str) -> ResponseReturnValue:
        return _one(store, key)

    @pages.route("/operations/sources/<key>", methods=("POST",))
    def sources_change(key: str) -> ResponseReturnValue:
        act = _act(
            service, "source.change", key, changed=sorted(request.form.keys() - {"csrf_token"})
        )
        try:
            wanted = _with(_found(store, key))
        except ValueError as error:
            return _one(store, key, fault=str(error)), 400
        changes = {name: getattr(wanted, name) for name in FIELDS}
        if store.change(key, lambda one: msgspec.structs.replace(one, **changes), act) is None:
            raise _missing()
        flash(_("It is kept, and felt within a second."), "good")
        return redirect(url_for("console.sources_one", key=key), 303)

    @pages.route("/operations/sources/<key>/secret", methods=("POST",))
    def sources_rotate(key: str) -> ResponseReturnValue:
        overlap = request.form.get("overlap", "")
        if overlap not in map(str, OVERLAPS):
            raise Problem(400, _("Say how long the secret before works on."))
        act = _act(service, "source.rotate", key, overlap=int(overlap))
        secret = service.credentials.rotate(key, int(overlap), act)
        if secret is None:
            raise _missing()
        return _one(store, key, secret=secret)

    @pages.route("/operations/sources/<key>/revocation", methods=("POST",))
    def sources_revoke(key: str) -> ResponseReturnValue:
        reason = request.form.get("reason", "").strip()[:2_000]
        since = request.form.get("compromised", "").strip()
        if not reason:
            return _one(store, key, fault=_("Say why it is revoked.")), 400
        try:
            compromised = typed_instant(since) if since else None
        except ValueError:
            return _one(store, key, fault=_("Say the time as 2026-03-02 09:00.")), 400
        if not store.revoke(key, _act(service, "source.revoke", key, reason), compromised):
            raise _missing()
        flash(_("The source is revoked; nothing more is taken from it."), "good")
        return redirect(url_for("console.sources_one", key=key), 303)


def _act(service: Service, action: str, key: str, reason: str = "", **detail: Any) -> Act:
    principal = service.principal().id
    return Act(principal=principal, action=action, subject=key, reason=reason, detail=detail)


def _found(store: Sources, key: str) -> Source:
    found = store.find(key)
    if found is None:
        raise _missing()
    return found


def _list(store: Sources, fault: str | None) -> str:
    found = store.page(read_cursor(request.args.get("cursor"), str), PAGE)
    following = None
    if len(found) == PAGE:
        following = url_for("console.sources_list", cursor=write_cursor(found[-1].key))
    return render_template(
        "sources.html",
        sources=found,
        secrets={one.key: store.secrets(one.key) for one in found},
        next=following,
        fault=fault,
        one=_shown(),
        scopes=SCOPES,
        provenances=PROVENANCES,
    )


def _one(store: Sources, key: str, *, secret: str | None = None, fault: str | None = None) -> str:
    found = _found(store, key)
    return render_template(
        "source.html",
        one=found,
        secrets=store.secrets(key),
        secret=secret,
        fault=fault,
        overlaps=OVERLAPS,
        scopes=SCOPES,
        provenances=PROVENANCES,
        now=time.time_ns() // 1000,
    )


def _shown() -> Source:
    """A new source as the form that was sent says, to be shown in it again."""
    form = request.form
    return Source(
        id=0,
        key=form.get("key", ""),
        name=form.get("name", ""),
        provenance=next((one for one in PROVENANCES if one == form.get("provenance")), "server"),
        scopes=tuple(one for one in SCOPES if one in form.getlist("scopes"))
        or ("statements/write", "statements/read/mine"),
        activities=_lines("activities"),
        home_pages=_lines("home_pages"),
    )


def _with(source: Source) -> Source:
    """The source as the form says. Raises ValueError, which says what is wrong with the form."""
    form = request.form
    name = form.get("name", "").strip()
    provenance = next((one for one in PROVENANCES if one == form.get("provenance")), None)
    scopes = tuple(one for one in SCOPES if one in form.getlist("scopes"))
    if not 0 < len(name) <= 200:
        raise ValueError(_("Give it a name of up to 200 characters."))
    if provenance is None or not scopes:
        raise ValueError(_("Say how far it can be relied on, and at least one thing it may do."))
    expires = form.get("expires", "").strip()
    try:
        until = typed_instant(expires) if expires else None
    except ValueError:
        raise ValueError(_("Say the time as 2026-03-02 09:00.")) from None
    return msgspec.structs.replace(
        source,
        name=name,
        provenance=provenance,
        scopes=scopes,
        activities=_lines("activities"),
        home_pages=_lines("home_pages"),
        expires=until,
    )


def _lines(name: str) -> tuple[str, ...]:
    """The lines of a field, without empty ones."""
    lines = (line.strip() for line in request.form.get(name, "").splitlines())
    return tuple(line[:2_000] for line in lines if line)


def _missing() -> Problem:
    return Problem(404, _("There is no such source, or it is revoked."))
