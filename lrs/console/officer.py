"""The officers' queue: what waits, its evidence beside the explanation, and deciding on it."""

from __future__ import annotations

import uuid
from collections import Counter
from datetime import UTC, datetime
from urllib.parse import urlencode

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import ngettext

from lrs.achievements.explanation import explain_judgement
from lrs.achievements.judge import Judgement
from lrs.achievements.officers import Outcome
from lrs.achievements.panel import judge_of, officers_of
from lrs.api.cursors import read_cursor, write_cursor
from lrs.console.explanations import Told, told
from lrs.console.frame import Pages
from lrs.console.language import gettext as _
from lrs.console.language import text_language
from lrs.console.statements import line_of
from lrs.console.words import OUTCOMES
from lrs.problems import Problem
from schemas.achievements import VERDICTS, Achievement, Verdict

PAGE = 25
STATUS: dict[Outcome, int] = {"unknown": 404, "not_waiting": 409, "changed": 409}


def install(pages: Pages) -> None:
    """Add the queue, the page of one achievement, and what their forms send to."""
    service = pages.service
    store = service.store

    @pages.route("/officer-queue", "officer")
    def officer_queue() -> ResponseReturnValue:
        code = request.args.get("unit", "")
        after = read_cursor(request.args.get("cursor"), tuple[int, str])
        found = store.achievements.officer_queue(after, PAGE, {code} if code else None)
        units = store.units.all()
        following = None
        if len(found) == PAGE:
            place = write_cursor((found[-1][0], found[-1][1].id))
            following = f"{request.path}?{urlencode({'unit': code, 'cursor': place})}"
        return render_template(
            "officer_queue.html",
            waiting=found,
            names=store.records.names({one.persona for _since, one in found}),
            units={(unit.code, unit.version): unit for unit in units},
            choices={unit.code: unit for unit in units if unit.officer},
            chosen=code,
            next=following,
        )

    @pages.route("/officer-queue", "officer", methods=("POST",))
    def officer_queue_decide() -> ResponseReturnValue:
        verdict, reason = _verdict(), request.form.get("reason", "").strip()
        chosen = request.form.getlist("chosen")
        if not chosen or not reason:
            flash(_("Choose achievements and say why."), "bad")
            return redirect(_back(), 303)
        panel, principal = officers_of(store), service.principal("officer")
        outcomes = Counter[Outcome]()
        for one in chosen:
            achievement, _colon, evidence_hash = one.partition(":")
            outcomes[panel.decide(principal, achievement, verdict, reason, evidence_hash)] += 1
        for outcome, count in outcomes.items():
            text = ngettext("%(num)s achievement: ", "%(num)s achievements: ", count)
            flash(f"{text}{OUTCOMES[outcome]}", "good" if outcome == "decided" else "bad")
        return redirect(_back(), 303)

    @pages.route("/officer-queue/<achievement>", "officer")
    def officer_queue_one(achievement: str) -> ResponseReturnValue:
        return _page(_known(achievement), None)

    @pages.route("/officer-queue/<achievement>", "officer", methods=("POST",))
    def officer_queue_one_decide(achievement: str) -> ResponseReturnValue:
        found = _known(achievement)
        verdict, reason = _verdict(), request.form.get("reason", "").strip()
        if not reason:
            return _page(found, _("Say why: the reason is kept with the decision.")), 400
        outcome = officers_of(store).decide(
            service.principal("officer"),
            found.id,
            verdict,
            reason,
            request.form.get("evidence_hash"),
        )
        if outcome != "decided":
            return _page(found, str(OUTCOMES[outcome])), STATUS.get(outcome, 403)
        flash(str(OUTCOMES[outcome]), "good")
        return redirect(url_for("console.officer_queue"), 303)

    def _known(achievement: str) -> Achievement:
        found = store.achievements.achievement(achievement)
        if found is None:
            raise Problem(404, str(OUTCOMES["unknown"]))
        return found

    def _page(achievement: Achievement, fault: str | None) -> str:
        persona = store.records.persona(achievement.persona)
        judgement = persona and judge_of(store).judge(persona, achievement.unit, datetime.now(UTC))
        sources = store.sources.all()
        statements = [
            stored
            for one in achievement.evidence
            if (stored := store.statements.get(uuid.UUID(one).bytes)) is not None
        ]
        by_id = {source.id: source for source in sources.values()}
        events = {
            event.statement: event
            for stored in statements
            for _persona, event in store.records.events_of_statement(stored.seq)
        }
        names = {source.id: source.name for source in by_id.values()}
        return render_template(
            "officer_decision.html",
            achievement=achievement,
            persona=persona,
            unit=store.units.unit(achievement.unit, achievement.version),
            told=_told(judgement) if judgement else (),
            evidence=[
                (line_of(stored, names), by_id.get(stored.source), events.get(line_id))
                for stored in statements
                if (line_id := str(uuid.UUID(bytes=stored.id)))
            ],
            decisions=store.achievements.decisions(achievement.id),
            reason=request.form.get("reason", ""),
            fault=fault,
        )

    def _told(judgement: Judgement) -> tuple[Told, ...]:
        return told(explain_judgement(judgement, (), text_language()))


def _verdict() -> Verdict:
    verdict = request.form.get("verdict", "")
    if verdict not in VERDICTS:
        raise Problem(400, _("Approve, refuse or ask for more."))
    return verdict


def _back() -> str:
    return url_for("console.officer_queue", unit=request.form.get("unit") or None)
