"""A learner's badges elsewhere: hosts of Open Badges that they let us bring credentials to."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from adapters.outbound import Refused, Unavailable
from lrs.console.forms import Form
from lrs.console.frame import Pages
from lrs.console.language import gettext as _
from lrs.console.language import text_language
from lrs.console.my_learning import own_persona
from lrs.problems import Problem, told
from schemas.audit import Act
from schemas.texts import text_of


def install(pages: Pages) -> None:
    """Add the page of a learner's hosts, and what its forms send to."""
    service = pages.service
    store = service.store.badge_links

    @pages.route("/my-learning/badges", "learner")
    def my_learning_badges() -> ResponseReturnValue:
        return _page(own_persona(service))

    @pages.route("/my-learning/badges", "learner", methods=("POST",))
    def my_learning_ask_host() -> ResponseReturnValue:
        persona, form = own_persona(service), Form()
        host = form.address("host").rstrip("/")
        if form.faults:
            return _page(persona, form), 400
        principal = service.principal("learner").id
        try:
            _link, url = service.badge_hosts.ask(persona, host, text_language(), principal)
        except Unavailable as error:
            form.faults["host"] = _("It cannot be reached now: %(why)s", why=told(text_of(error)))
            return _page(persona, form), 503
        except Refused as error:
            form.faults["host"] = _("It cannot be used: %(why)s", why=told(text_of(error)))
            return _page(persona, form), 400
        return _page(persona, consent_url=url)

    @pages.route("/my-learning/badges/end", "learner", methods=("POST",))
    def my_learning_end_host() -> ResponseReturnValue:
        persona = own_persona(service)
        known = store.link(request.form.get("link", ""))
        if known is None or known.persona != persona:
            raise Problem(404, _("There is no such link."))
        principal = service.principal("learner").id
        act = Act(principal=principal, action="badge-link.end", subject=known.id, persona=persona)
        store.end(known.id, "ended by the learner", act)
        flash(_("It is over; nothing more is brought there. What is there stays yours."), "good")
        return redirect(url_for("console.my_learning_badges"), 303)

    def _page(persona: str, form: Form | None = None, *, consent_url: str | None = None) -> str:
        return render_template(
            "badge_links.html",
            links=store.of_persona(persona),
            consent_url=consent_url,
            faults=form.faults if form else {},
            given=request.form if form else None,
        )
