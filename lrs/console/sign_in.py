"""The pages at which people sign in and out."""

from __future__ import annotations

import time

from flask import Blueprint, Response, make_response, redirect, render_template, request, session
from flask.typing import ResponseReturnValue

from lrs.auth.passwords import LONGEST, SHORTEST, WeakPassword, check_password
from lrs.auth.sign_in import SecondFactorNeeded, SignInRefused
from lrs.console.language import gettext as _
from lrs.problems import Problem
from lrs.service import Service

CODE_WITHIN = 300
"""Seconds between the password and the code."""


def blueprint(service: Service) -> Blueprint:
    """Return the pages; all of them are for strangers."""
    pages = Blueprint("sign_in", __name__, template_folder="templates")

    @pages.after_request
    def never_kept(response: Response) -> Response:
        response.headers["Cache-Control"] = "no-store"
        return response

    @pages.get("/sign-in")
    def form() -> ResponseReturnValue:
        if service.asking() is not None:
            return redirect(_local(request.args.get("next")), 303)
        return render_template("sign_in.html", next=_local(request.args.get("next")))

    @pages.post("/sign-in")
    def enter() -> ResponseReturnValue:
        after = _local(request.form.get("next"))
        name = request.form.get("name", "")
        try:
            principal = service.sign_in.with_password(
                name, request.form.get("password", ""), request.remote_addr or ""
            )
        except SecondFactorNeeded as needed:
            session["second_factor"] = [needed.person, int(time.time()), after]
            return redirect("/sign-in/code", 303)
        except SignInRefused as refused:
            page = render_template("sign_in.html", next=after, name=name, fault=refusal(refused))
            return page, 403 if refused.wait is None else 429, _retry_after(refused)
        return _signed_in(principal, after)

    @pages.get("/sign-in/code")
    def code_form() -> ResponseReturnValue:
        _waiting_for_code()
        return render_template("sign_in_code.html")

    @pages.post("/sign-in/code")
    def code() -> ResponseReturnValue:
        person, after = _waiting_for_code()
        try:
            principal = service.sign_in.with_code(
                person, request.form.get("code", ""), request.remote_addr or ""
            )
        except SignInRefused as refused:
            page = render_template("sign_in_code.html", fault=refusal(refused))
            return page, 403 if refused.wait is None else 429, _retry_after(refused)
        return _signed_in(principal, after)

    @pages.get("/sign-in/link/<token>")
    def link_form(token: str) -> ResponseReturnValue:
        person = service.store.people.of_link(service.sign_in.link_hash(token))
        if person is None:
            raise _no_link()
        return render_template("choose_password.html", person=person, shortest=SHORTEST)

    @pages.post("/sign-in/link/<token>")
    def link(token: str) -> ResponseReturnValue:
        person = service.store.people.of_link(service.sign_in.link_hash(token))
        if person is None:
            raise _no_link()
        fault = password_fault(person.name)
        if fault:
            page = render_template(
                "choose_password.html", person=person, shortest=SHORTEST, fault=fault
            )
            return page, 400
        if not service.sign_in.choose_password(token, request.form["password"], person.id):
            raise _no_link()
        return redirect("/sign-in", 303)

    @pages.post("/sign-out")
    def leave() -> ResponseReturnValue:
        response = make_response(redirect("/sign-in", 303))
        service.browsers.end(response)
        return response

    def _signed_in(principal: str, after: str) -> Response:
        response = make_response(redirect(after, 303))
        service.browsers.start(response, principal)
        return response

    return pages


def refusal(refused: SignInRefused) -> str:
    """Return what a person is told who was not let in; never which part was wrong."""
    if refused.wait is None:
        return _("That is not right. Check what you typed, and try again.")
    return _("Too many attempts. Try again in %(wait)s seconds.", wait=refused.wait)


def password_fault(name: str) -> str | None:
    """Return what is wrong with the new password of the form, None where it can be taken."""
    password = request.form.get("password", "")
    if password != request.form.get("repeated", ""):
        return _("The two passwords are not the same.")
    try:
        check_password(password, name)
    except WeakPassword as weak:
        return {
            "short": _("A password needs at least %(count)s characters.", count=SHORTEST),
            "long": _("A password has at most %(count)s characters.", count=LONGEST),
            "plain": _("A password needs at least five different characters."),
            "name": _("A password must not be made of your name."),
        }[weak.rule]
    return None


def _waiting_for_code() -> tuple[str, str]:
    """Whose password was right a moment ago in this browser, and where they want to go."""
    person, since, after = session.get("second_factor", ("", 0, ""))
    if not person or time.time() - since > CODE_WITHIN:
        raise Problem(403, _("Sign in with your name and password first."))
    return person, after


def _local(address: str | None) -> str:
    """The address where it is one of ours, so that no link leads through us to elsewhere."""
    if (
        not address
        or not address.startswith("/")
        or address.startswith(("//", "/sign-"))
        or "\\" in address
        or not address.isprintable()
    ):
        return "/"
    return address


def _retry_after(refused: SignInRefused) -> dict[str, str]:
    return {"Retry-After": str(refused.wait)} if refused.wait else {}


def _no_link() -> Problem:
    return Problem(404, _("This link no longer works. Ask an administrator for another one."))
