"""The rules by which identities change, whatever store keeps them."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping

from msgspec.structs import replace

from lrs.records.identity import PERSONA_NAMESPACE
from lrs.store.identity import NotPossible
from schemas.audit import Act
from schemas.identity import IdentityLink, LinkState
from schemas.texts import Text


def undoing(link: IdentityLink, undone: IdentityLink | None) -> IdentityLink:
    """Return a link that undoes another, with what follows from that one. Raises NotPossible."""
    if undone is None:
        raise NotPossible(Text("There is no such link to undo."))
    return replace(link, persona=undone.persona, other=undone.other, identifier=undone.identifier)


def transferring(link: IdentityLink, holder_of: Callable[[str, int], str | None]) -> IdentityLink:
    """Return a transfer with who holds the identifier, and who is to: by default somebody new.

    `holder_of` gives who holds an identifier at a time of events (microseconds). Raises
    NotPossible.
    """
    if link.identifier is None or link.since is None:
        raise NotPossible(Text("A transfer needs an identifier and since when it is another's."))
    holder = holder_of(link.identifier, link.since)
    if holder is None:
        raise NotPossible(Text("Nobody is known under the identifier."))
    fresh = str(uuid.uuid5(PERSONA_NAMESPACE, f"{link.identifier}|{link.since}"))
    return replace(link, persona=holder, other=link.other or fresh)


def check_undone(undone: IdentityLink | None) -> None:
    """Raise NotPossible unless the link can be undone."""
    if undone is None or not undone.in_force() or undone.kind == "undo":
        raise NotPossible(Text("Only what is in force can be undone."))


def check_personas(
    link: IdentityLink, merged_into: Mapping[str, str | None], *, handed_over: bool
) -> None:
    """Raise NotPossible unless a merge or a transfer fits the personas there are.

    `merged_into` tells of those of the two that are there into whom they are merged, `handed_over`
    whether the identifier of a transfer changed hands at that very time already.
    """
    if link.persona == link.other:
        raise NotPossible(Text("The persona and the other are the same."))
    for persona in (link.persona, link.other):
        there = persona in merged_into
        if not there and (link.kind == "merge" or persona == link.persona):
            raise NotPossible(Text("There is no persona %(persona)r.", persona=persona))
        into = merged_into[persona] if there and persona is not None else None
        if into is not None:
            raise NotPossible(
                Text(
                    "The persona %(persona)r is merged into %(other)r: name that one.",
                    persona=persona,
                    other=into,
                )
            )
    if handed_over:
        raise NotPossible(Text("The identifier changed hands at that very time already."))


def decided(
    link: IdentityLink, principal: str, state: LinkState, reason: str, instant: int
) -> IdentityLink:
    """Return a proposed link as it is decided. Raises NotPossible where the principal may not."""
    if link.state != "proposed":
        raise NotPossible(
            Text("The link was %(state)s already; propose another.", state=link.state)
        )
    if link.proposed_by == principal:
        raise NotPossible(Text("Who proposed a link cannot decide on it: ask somebody else."))
    return replace(link, state=state, decided_by=principal, decided_at=instant, decision=reason)


def merged_by_roster(roster: str, persona: str, into: str, instant: int) -> IdentityLink:
    """Return the merge of two whose identifiers a roster lists as one person's."""
    principal = f"roster:{roster}"
    return IdentityLink(
        id=str(uuid.uuid4()),
        kind="merge",
        state="confirmed",
        persona=persona,
        other=into,
        reason="The roster lists their identifiers as one person's.",
        proposed_by=principal,
        proposed_at=instant,
        decided_by=principal,
        decided_at=instant,
    )


def act_of_proposing(link: IdentityLink) -> Act:
    """Return the act of who proposed a link."""
    return _act(link, "identity.propose", link.proposed_by, link.reason)


def act_of_deciding(link: IdentityLink) -> Act:
    """Return the act of who decided on a link; a roster that did gives its reason."""
    action = "identity.confirm" if link.state == "confirmed" else "identity.refuse"
    reason = link.reason if link.decision is None else link.decision
    return _act(link, action, link.decided_by or "", reason)


def _act(link: IdentityLink, action: str, principal: str, reason: str) -> Act:
    return Act(
        principal=principal,
        action=action,
        subject=link.id,
        persona=link.persona,
        reason=reason,
        detail={"kind": link.kind, "other": link.other},
    )
