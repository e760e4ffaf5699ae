"""What an auditor's purpose allows a dossier to show."""

from __future__ import annotations

from schemas.engagements import Profile

_OF_PERSONS = frozenset(
    {
        "body.persona",
        "claim.learner.identifier",
        "claim.learner.name",
        "persona.identifiers",
        "persona.name",
    }
)
_OF_RESULTS = frozenset({"body.renewals", "body.score", "claim.score"})

_STATEMENT_MEMBERS = frozenset({"id", "verb", "object", "result", "timestamp", "stored", "version"})


def shows_field(profile: Profile, name: str) -> bool:
    """Tell whether a field of a leaf is shown."""
    if profile == "full":
        return True
    return name not in _OF_PERSONS and (profile != "minimal" or name not in _OF_RESULTS)


def shows_member(profile: Profile, name: str, object_type: str | None) -> bool:
    """Tell whether a member of an evidence statement is shown; an object that is a person not."""
    if profile == "full":
        return True
    if name == "object" and object_type in ("Agent", "Group", "SubStatement"):
        return False
    return profile == "pseudonymous" and name in _STATEMENT_MEMBERS
