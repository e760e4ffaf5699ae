"""A person's own account: password, second factor, sessions."""

from __future__ import annotations

import base64

from flask import Blueprint, Flask, Response, make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue

from lrs.auth import second_factor
from lrs.auth.passwords import SHORTEST, hash_password
from lrs.auth.sign_in import SignInRefused
from lrs.console.language import gettext as _
from lrs.console.sign_in import password_fault, refusal
from lrs.problems import Problem
from lrs.service import Service
from schemas.audit import Act
from schemas.people import Account
from schemas.principals import ROLES


def blueprint(service: Service) -> Blueprint:
    """Return the pages; each person sees their own, whatever their roles."""
    pages = Blueprint("account", __name__, template_folder="templates", url_prefix="/account")
    people = service.store.people

    @pages.after_request
    def never_kept(response: Response) -> Response:
        response.headers["Cache-Control"] = "no-store"
        return response

    @pages.get("")
    def show() -> ResponseReturnValue:
        return _page(_own(service), None)

    @pages.post("/password")
    def change_password() -> ResponseReturnValue:
        account = _own(service)
        fault = password_fault(account.person.name) or _not_confirmed(account)
        if fault:
            return _page(account, fault), 400
        act = _act(account, "person.password")
        people.set_password(account.person.id, hash_password(request.form["password"]), act)
        response = make_response(redirect("/account", 303))
        # Every session ended, also that of whoever may have learnt the old password.
        service.browsers.start(response, f"person:{account.person.id}")
        return response

    @pages.post("/second-factor")
    def begin_second_factor() -> ResponseReturnValue:
        account = _own(service)
        fault = _not_confirmed(account)
        if fault:
            return _page(account, fault), 400
        return _enrolment(account, second_factor.new_secret(), None)

    @pages.post("/second-factor/confirm")
    def confirm_second_factor() -> ResponseReturnValue:
        account = _own(service)
        try:
            sealed = base64.urlsafe_b64decode(request.form.get("sealed", ""))
            opened = service.root_secret.open(sealed, _purpose(account))
        except ValueError:
            raise Problem(400, _("Begin again: the form was not ours.")) from None
        secret = opened.decode()
        step = second_factor.matching_step(secret, request.form.get("code", ""))
        if step is None or not people.use_totp(account.person.id, step):
            return _enrolment(account, secret, _("The code is not right. Try the next one.")), 400
        codes = second_factor.new_recovery_codes()
        people.set_second_factor(
            account.person.id,
            service.root_secret.seal(secret.encode(), second_factor.PURPOSE),
            [service.sign_in.recovery_hash(code) for code in codes],
            _act(account, "second_factor.add"),
        )
        return render_template("recovery_codes.html", codes=codes)

    @pages.post("/second-factor/remove")
    def remove_second_factor() -> ResponseReturnValue:
        account = _own(service)
        fault = _not_confirmed(account)
        if fault:
            return _page(account, fault), 400
        act = _act(account, "second_factor.remove")
        people.set_second_factor(account.person.id, None, (), act)
        return redirect("/account", 303)

    @pages.post("/sessions/end")
    def end_sessions() -> ResponseReturnValue:
        account = _own(service)
        act = _act(account, "session.end_all")
        service.store.sessions.end_all(f"person:{account.person.id}", act)
        return redirect("/sign-in", 303)

    def _page(account: Account, fault: str | None) -> str:
        return render_template(
            "account.html",
            person=account.person,
            has_password=account.password is not None,
            has_second_factor=account.totp is not None,
            sessions=service.store.sessions.of(f"person:{account.person.id}"),
            shortest=SHORTEST,
            fault=fault,
        )

    def _enrolment(account: Account, secret: str, fault: str | None) -> str:
        sealed = service.root_secret.seal(secret.encode(), _purpose(account))
        return render_template(
            "second_factor.html",
            qr_code=second_factor.qr_code(secret, account.person.name),
            secret=secret,
            sealed=base64.urlsafe_b64encode(sealed).decode(),
            fault=fault,
        )

    def _not_confirmed(account: Account) -> str | None:
        """What to tell somebody who does not give the password that is theirs now."""
        given = request.form.get("current", "")
        try:
            service.sign_in.confirm(account, given, request.remote_addr or "")
        except SignInRefused as refused:
            return refusal(refused)
        return None

    return pages


def install(app: Flask, service: Service) -> None:
    """Give templates `signed_in_as()`: who asks, a `schemas.principals.Principal` or None."""
    app.jinja_env.globals["signed_in_as"] = service.asking


def _own(service: Service) -> Account:
    principal = service.principal(*ROLES)
    kind, _colon, name = principal.id.partition(":")
    account = service.store.people.account_of(name) if kind == "person" else None
    if account is None:
        raise Problem(404, _("A source has no account page; see “lrs source”."))
    return account


def _purpose(account: Account) -> bytes:
    return f"enrolment of {account.person.id}".encode()


def _act(account: Account, action: str) -> Act:
    return Act(principal=f"person:{account.person.id}", action=action, subject=account.person.id)
