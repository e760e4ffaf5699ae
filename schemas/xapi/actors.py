"""Rules for Agents and Groups (1.0.3 part two 2.4.2; 2.0.0 4.2.2.2)."""

from __future__ import annotations

from msgspec import UNSET

from schemas.xapi import syntax
from schemas.xapi.errors import RuleBroken, shown
from schemas.xapi.model import Actor, StatementObject
from schemas.xapi.strings import check_iri

ActorLike = Actor | StatementObject
"""A StatementObject may be an Agent or a Group."""


def identifiers_present(actor: ActorLike) -> list[str]:
    """Return the names of the identifier properties that the actor has."""
    return [
        name
        for name in ("mbox", "mbox_sha1sum", "openid", "account")
        if getattr(actor, name) is not UNSET
    ]


def check_actor(actor: Actor, path: str) -> None:
    """An Agent, or a Group where `objectType` says so."""
    if actor.object_type == "Group":
        check_group(actor, path)
    else:
        check_agent(actor, path)


def check_agent(agent: ActorLike, path: str) -> None:
    """Exactly one identifier, and no members."""
    present = identifiers_present(agent)
    if len(present) != 1:
        _wrong_identifiers(present, path, "an Agent must have exactly one identifier")
    if agent.member is not UNSET:
        raise RuleBroken(f"{path}.member", "an Agent has no members; is it a Group?")
    _check_identifier(agent, path)


def check_group(group: ActorLike, path: str) -> None:
    """At most one identifier; members where there is none; members are Agents."""
    present = identifiers_present(group)
    if len(present) > 1:
        _wrong_identifiers(present, path, "a Group must have at most one identifier")
    if not present and not group.member:
        raise RuleBroken(f"{path}.member", "a Group with no identifier must name its members")
    _check_identifier(group, path)
    if group.member is not UNSET:
        for index, member in enumerate(group.member):
            at = f"{path}.member[{index}]"
            if member.object_type == "Group":
                raise RuleBroken(f"{at}.objectType", "a member of a Group must be an Agent")
            check_agent(member, at)


def check_authority(authority: Actor, path: str) -> None:
    """An Agent, or a Group of a client and a person with no identifier (2.4.9)."""
    check_actor(authority, path)
    if authority.object_type == "Group":
        if identifiers_present(authority):
            raise RuleBroken(path, "a Group as authority must have no identifier of its own")
        if authority.member is UNSET or len(authority.member) != 2:
            raise RuleBroken(f"{path}.member", "a Group as authority must have two members")


def _wrong_identifiers(present: list[str], path: str, rule: str) -> None:
    has = f"has {' and '.join(present)}" if present else "has none"
    raise RuleBroken(path, f"{rule} (mbox, mbox_sha1sum, openid or account), {has}")


def _check_identifier(actor: ActorLike, path: str) -> None:
    if actor.mbox is not UNSET and not syntax.MAILTO.fullmatch(actor.mbox):
        raise RuleBroken(
            f"{path}.mbox", f"must be an address such as mailto:a@b.cn, is {shown(actor.mbox)}"
        )
    if actor.mbox_sha1sum is not UNSET and not syntax.SHA1.fullmatch(actor.mbox_sha1sum):
        raise RuleBroken(f"{path}.mbox_sha1sum", "must be a SHA-1 of 40 hex digits")
    if actor.openid is not UNSET:
        check_iri(actor.openid, f"{path}.openid")
    if actor.account is not UNSET:
        check_iri(actor.account.home_page, f"{path}.account.homePage")
