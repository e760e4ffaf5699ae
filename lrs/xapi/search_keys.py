"""Under which keys a statement is found (1.0.3 part three 2.1.3; 2.0.0 4.1.6.1).

A key is `role:value`. Each query parameter is one key, so that every combination of filters is
an intersection of lists.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import UNSET

from schemas.identifiers import identifier_of
from schemas.xapi import VOIDED, Activity, Actor, Context, Statement, StatementObject


def identifier(actor: Actor | StatementObject) -> str | None:
    """Return the actor's identifier as `schemas.identifiers.identifier_of` writes it."""
    if actor.mbox is not UNSET:
        return f"mbox:{actor.mbox}"
    if actor.mbox_sha1sum is not UNSET:
        return f"mbox_sha1sum:{actor.mbox_sha1sum}"
    if actor.openid is not UNSET:
        return f"openid:{actor.openid}"
    if actor.account is not UNSET:
        return f"account:{actor.account.home_page}|{actor.account.name}"
    return None


def search_keys(statement: Statement) -> frozenset[str]:
    """Return the keys of the roles verb, agent, activity, registration, related_agent and
    related_activity; the related ones hold the direct ones too.
    """
    keys = {f"verb:{statement.verb.id}"}
    direct = _identifiers(statement.actor)
    thing = statement.object
    if thing.object_type in ("Agent", "Group"):
        direct |= _identifiers(thing)
    elif thing.object_type in (UNSET, "Activity"):
        keys.add(f"activity:{thing.id}")
    if statement.context is not UNSET and statement.context.registration is not UNSET:
        keys.add(f"registration:{statement.context.registration.lower()}")
    keys |= {f"agent:{one}" for one in direct}
    keys |= {f"related_agent:{one}" for one in _related_agents(statement)}
    keys |= {f"related_activity:{iri}" for iri in _related_activities(statement)}
    return frozenset(keys)


def is_of_others(statement: dict[str, Any], identifiers: frozenset[str]) -> bool:
    """Tell whether a statement is somebody else's although it names one of the identifiers.

    It is the person's where the person is its actor or its object; a member of a group or an
    instructor is named in the evidence of others.
    """
    return not any(
        isinstance(one, Mapping) and identifier_of(one) in identifiers
        for one in (statement["actor"], statement["object"])
    )


def statement_ref(statement: Statement) -> str | None:
    """Return the id of the statement that the object refers to, in lower case."""
    thing = statement.object
    if thing.object_type == "StatementRef" and thing.id is not UNSET:
        return thing.id.lower()
    return None


def voids(statement: Statement) -> bool:
    """Tell whether the statement voids the one it refers to (1.0.3 part two 2.3.2)."""
    return statement.verb.id == VOIDED and statement.object.object_type == "StatementRef"


def _identifiers(actor: Actor | StatementObject) -> set[str]:
    """The actor's own identifier, and those of a Group's members."""
    found = {identifier(actor)}
    if actor.member is not UNSET:
        found |= {identifier(member) for member in actor.member}
    return {one for one in found if one is not None}


def _related_agents(statement: Statement | StatementObject) -> set[str]:
    found: set[str] = set()
    if statement.actor is not UNSET:
        found |= _identifiers(statement.actor)
    if isinstance(statement, Statement) and statement.authority is not UNSET:
        found |= _identifiers(statement.authority)
    thing = statement.object
    if thing is not UNSET:
        if thing.object_type in ("Agent", "Group"):
            found |= _identifiers(thing)
        elif thing.object_type == "SubStatement":
            found |= _related_agents(thing)
    if statement.context is not UNSET:
        found |= _context_agents(statement.context)
    return found


def _context_agents(context: Context) -> set[str]:
    found: set[str] = set()
    for actor in (context.instructor, context.team):
        if actor is not UNSET:
            found |= _identifiers(actor)
    if context.context_agents is not UNSET:
        for entry in context.context_agents:
            found |= _identifiers(entry.agent)
    if context.context_groups is not UNSET:
        for group in context.context_groups:
            found |= _identifiers(group.group)
    return found


def _related_activities(statement: Statement | StatementObject) -> set[str]:
    found: set[str] = set()
    thing = statement.object
    if thing is not UNSET:
        if thing.object_type in (UNSET, "Activity") and thing.id is not UNSET:
            found.add(thing.id)
        elif thing.object_type == "SubStatement":
            found |= _related_activities(thing)
    if statement.context is not UNSET and statement.context.context_activities is not UNSET:
        groups = statement.context.context_activities
        for group in (groups.parent, groups.grouping, groups.category, groups.other):
            if isinstance(group, Activity):
                found.add(group.id)
            elif group is not UNSET:
                found |= {activity.id for activity in group}
    return found
