"""The words of the domain as pages show them."""

from __future__ import annotations

from flask_babel import lazy_gettext as _
from flask_babel.speaklater import LazyString

from lrs.achievements.officers import Outcome
from lrs.console.language import gettext
from lrs.store.health import Part
from lrs.store.outbox import DeliveryKind
from schemas.achievements import Verdict
from schemas.engagements import Profile
from schemas.events import Attendance, EventKind
from schemas.facts import FactKind
from schemas.imports import ImportKind, ImportState
from schemas.organisations import ConsentLevel, OrganisationKind
from schemas.retention import DataClass
from schemas.sources import Provenance

EVENT_KINDS: dict[EventKind, LazyString] = {
    "launched": _("launched"),
    "initialized": _("initialized"),
    "attempted": _("attempted"),
    "experienced": _("experienced"),
    "progressed": _("progressed"),
    "completed": _("completed"),
    "uncompleted": _("uncompleted"),
    "passed": _("passed"),
    "failed": _("failed"),
    "mastered": _("mastered"),
    "scored": _("scored"),
    "attended": _("attended"),
    "waived": _("waived"),
    "satisfied": _("satisfied"),
    "abandoned": _("abandoned"),
    "terminated": _("terminated"),
}

PROVENANCES: dict[Provenance, LazyString] = {
    "server": _("server of a learning platform"),
    "signed": _("signed by its maker"),
    "launched": _("launched cmi5 unit"),
    "browser": _("the learner's browser"),
    "import": _("file of a trusted office"),
    "manual": _("typed in"),
}

ATTENDANCES: dict[Attendance, LazyString] = {
    "present": _("present"),
    "late": _("late"),
    "excused": _("excused"),
    "absent": _("absent"),
}

OUTCOMES: dict[Outcome, LazyString] = {
    "decided": _("The decision is written."),
    "unknown": _("There is no such achievement."),
    "not_waiting": _("No officer is awaited on this achievement; look at its state."),
    "own": _("Nobody decides on an achievement of their own: another officer has to."),
    "recorded": _("Nobody decides on what they recorded themselves: another officer has to."),
    "examined": _("Nobody decides on what they examined themselves: another officer has to."),
    "changed": _("The evidence has changed meanwhile: read it again and decide anew."),
}

VERDICTS: dict[Verdict, LazyString] = {
    "approve": _("approved"),
    "refuse": _("refused"),
    "ask": _("asked for more"),
}

FACT_KINDS: dict[FactKind, LazyString] = {
    "verified": _("verified"),
    "refused": _("refused"),
    "superseded": _("superseded"),
    "revoked": _("revoked"),
    "claimed": _("put to the receiver"),
    "accepted": _("accepted"),
    "rejected": _("rejected"),
    "withdrawn": _("withdrawn"),
    "merged": _("merged"),
    "unmerged": _("parted again"),
    "transferred": _("identifier handed over"),
    "erased": _("erased"),
    "published": _("published"),
}

DELIVERY_KINDS: dict[DeliveryKind, LazyString] = {
    "submit": _("claim"),
    "withdraw": _("withdrawal"),
    "lookup": _("look-up of a learner"),
    "notify": _("notification"),
    "present": _("credential for a badge host"),
}

IMPORT_KINDS: dict[ImportKind, LazyString] = {
    "attendance": _("attendance and scores"),
    "practice": _("practice log"),
    "examination": _("paper examination"),
    "statements": _("statements"),
    "course": _("course package"),
    "roster": _("roster"),
    "batch": _("batch of a device"),
}

IMPORT_STATES: dict[ImportState, LazyString] = {
    "waiting": _("waiting"),
    "running": _("running"),
    "done": _("done"),
    "failed": _("failed"),
}

ORGANISATION_KINDS: dict[OrganisationKind, LazyString] = {
    "enterprise": _("enterprise"),
    "institution": _("institution"),
    "bank": _("credit bank"),
    "auditor": _("auditor"),
}

CONSENT_LEVELS: dict[ConsentLevel, LazyString] = {
    "achievements": _("their achievements"),
    "records": _("their achievements and learner records"),
}

PROFILES: dict[Profile, LazyString] = {
    "full": _("shows everything"),
    "pseudonymous": _("shows no names"),
    "minimal": _("shows that the claim stands, nothing more"),
}

DATA_CLASS_NAMES: dict[DataClass, LazyString] = {
    "statements": _("statements"),
    "attachments": _("attachments"),
    "documents": _("xAPI documents"),
    "inactive_personas": _("learners of whom nothing more came"),
    "audit_events": _("audit log"),
    "sessions": _("sessions of browsers"),
    "import_rows": _("rows of imports"),
    "quarantine": _("rows in quarantine"),
    "webhook_deliveries": _("notifications set aside"),
}

ACTIONS: dict[str, LazyString] = {
    "badge-link.agree": _("linked a badge host"),
    "badge-link.ask": _("asked to link a badge host"),
    "badge-link.end": _("ended the link to a badge host"),
    "consent.give": _("gave a consent"),
    "consent.record": _("recorded a consent on paper"),
    "consent.withdraw": _("withdrew a consent"),
    "credential.issue": _("issued a credential"),
    "dossier.read": _("read a dossier"),
    "employment.put": _("kept an employment"),
    "enterprise.read": _("looked at achievements"),
    "enterprise.records": _("looked at learner records"),
    "identity.confirm": _("confirmed a link between identities"),
    "identity.propose": _("proposed a link between identities"),
    "identity.refuse": _("refused a link between identities"),
    "identity-document.forget": _("had an identity document forgotten"),
    "identity-document.keep": _("kept an identity document"),
    "persona.erase": _("erased personal data"),
}
"""What is done with somebody's data; other acts are told by their codes."""

PARTS: dict[Part, LazyString] = {
    "projection": _("statements to records"),
    "evaluation": _("achievements to be looked at"),
    "imports": _("files handed in"),
    "outbox": _("deliveries"),
    "ledger": _("facts to the ledger"),
}


def spent(seconds: float) -> str:
    """Return a length of time in words."""
    minutes = round(seconds / 60)
    if minutes < 1:
        return gettext("%(seconds)s s", seconds=round(seconds))
    if minutes < 60:
        return gettext("%(minutes)s min", minutes=minutes)
    if minutes % 60 == 0:
        return gettext("%(hours)s h", hours=minutes // 60)
    return gettext("%(hours)s h %(minutes)s min", hours=minutes // 60, minutes=minutes % 60)
