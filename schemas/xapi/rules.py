"""The rules that a statement of the right shape must still keep.

Sections are those of xAPI 1.0.3 part two; 2.0.0 keeps them under 4.2.
"""

from __future__ import annotations

from msgspec import UNSET, UnsetType

from schemas.xapi import syntax
from schemas.xapi.activities import check_activity, check_definition
from schemas.xapi.actors import check_actor, check_agent, check_authority, check_group
from schemas.xapi.errors import RuleBroken, shown
from schemas.xapi.model import (
    Attachment,
    Context,
    ContextActivities,
    Result,
    ScoreResult,
    Statement,
    StatementObject,
    Verb,
)
from schemas.xapi.strings import (
    check_duration,
    check_extensions,
    check_iri,
    check_language_map,
    check_language_tag,
    check_media_type,
    check_timestamp,
    check_uuid,
)
from schemas.xapi.versions import XapiVersion

VOIDED = "http://adlnet.gov/expapi/verbs/voided"

_ACTOR_PROPERTIES = ("name", "mbox", "mbox_sha1sum", "openid", "account", "member")
_STATEMENT_PROPERTIES = (
    "actor",
    "verb",
    "object",
    "result",
    "context",
    "timestamp",
    "attachments",
)
_PROPERTIES_OF: dict[str, frozenset[str]] = {
    "Activity": frozenset({"id", "definition"}),
    "Agent": frozenset(_ACTOR_PROPERTIES),
    "Group": frozenset(_ACTOR_PROPERTIES),
    "StatementRef": frozenset({"id"}),
    "SubStatement": frozenset(_STATEMENT_PROPERTIES),
}
_OBJECT_PROPERTIES = ("id", "definition", *_ACTOR_PROPERTIES, *_STATEMENT_PROPERTIES)


def check_statement(statement: Statement, version: XapiVersion) -> None:
    """Raise RuleBroken for the first rule that does not hold."""
    if statement.id is not UNSET:
        check_uuid(statement.id, "$.id")
    _check_core(statement, "$", version)
    if statement.stored is not UNSET:
        check_timestamp(statement.stored, "$.stored")
    if statement.authority is not UNSET:
        check_authority(statement.authority, "$.authority")
    if statement.version is not UNSET:
        _check_version(statement.version, version)
    if statement.verb.id == VOIDED and statement.object.object_type != "StatementRef":
        raise RuleBroken("$.object.objectType", "a voiding statement must have a StatementRef")


def _check_core(statement: Statement | StatementObject, path: str, version: XapiVersion) -> None:
    """What a statement and a SubStatement have in common."""
    actor, verb, thing = statement.actor, statement.verb, statement.object
    if actor is UNSET or verb is UNSET or thing is UNSET:
        missing = [n for n in ("actor", "verb", "object") if getattr(statement, n) is UNSET]
        raise RuleBroken(path, f"a SubStatement must have {' and '.join(missing)}")
    check_actor(actor, f"{path}.actor")
    _check_verb(verb, f"{path}.verb")
    _check_object(thing, f"{path}.object", version, within_substatement=path != "$")
    if statement.result is not UNSET:
        _check_result(statement.result, f"{path}.result")
    if statement.context is not UNSET:
        is_activity = thing.object_type in (UNSET, "Activity")
        _check_context(statement.context, f"{path}.context", version, is_activity)
    if statement.timestamp is not UNSET:
        check_timestamp(statement.timestamp, f"{path}.timestamp")
    if statement.attachments is not UNSET:
        for index, attachment in enumerate(statement.attachments):
            _check_attachment(attachment, f"{path}.attachments[{index}]")


def _check_verb(verb: Verb, path: str) -> None:
    check_iri(verb.id, f"{path}.id")
    check_language_map(verb.display, f"{path}.display")


def _check_object(
    thing: StatementObject, path: str, version: XapiVersion, *, within_substatement: bool
) -> None:
    kind = "Activity" if thing.object_type is UNSET else thing.object_type
    allowed = _PROPERTIES_OF[kind]
    for name in _OBJECT_PROPERTIES:
        if name not in allowed and getattr(thing, name) is not UNSET:
            raise RuleBroken(f"{path}.{name}", f"is no property of an object of type {kind}")
    if kind in ("Activity", "StatementRef"):
        if thing.id is UNSET:
            raise RuleBroken(f"{path}.id", f"an object of type {kind} must have an id")
        (check_iri if kind == "Activity" else check_uuid)(thing.id, f"{path}.id")
        if thing.definition is not UNSET:
            check_definition(thing.definition, f"{path}.definition")
    elif kind == "Agent":
        check_agent(thing, path)
    elif kind == "Group":
        check_group(thing, path)
    else:
        if within_substatement:
            raise RuleBroken(f"{path}.objectType", "a SubStatement must not hold a SubStatement")
        _check_core(thing, path, version)


def _check_result(result: Result, path: str) -> None:
    if result.duration is not UNSET:
        check_duration(result.duration, f"{path}.duration")
    check_extensions(result.extensions, f"{path}.extensions")
    if result.score is not UNSET:
        _check_score(result.score, f"{path}.score")


def _check_score(score: ScoreResult, path: str) -> None:
    if score.scaled is not UNSET and not -1 <= score.scaled <= 1:
        raise RuleBroken(f"{path}.scaled", f"must be between -1 and 1, is {score.scaled}")
    low, high = score.min, score.max
    if low is not UNSET and high is not UNSET and low >= high:
        raise RuleBroken(f"{path}.min", f"must be less than max, {low} is not less than {high}")
    if score.raw is not UNSET:
        if low is not UNSET and score.raw < low:
            raise RuleBroken(f"{path}.raw", f"must not be less than min, {score.raw} is")
        if high is not UNSET and score.raw > high:
            raise RuleBroken(f"{path}.raw", f"must not be greater than max, {score.raw} is")


def _check_context(
    context: Context, path: str, version: XapiVersion, object_is_activity: bool
) -> None:
    if context.registration is not UNSET:
        check_uuid(context.registration, f"{path}.registration")
    if context.instructor is not UNSET:
        check_actor(context.instructor, f"{path}.instructor")
    if context.team is not UNSET:
        if context.team.object_type != "Group":
            raise RuleBroken(f"{path}.team.objectType", "a team must be a Group")
        check_group(context.team, f"{path}.team")
    for name in ("revision", "platform"):
        if not object_is_activity and getattr(context, name) is not UNSET:
            raise RuleBroken(f"{path}.{name}", "goes only with an object that is an Activity")
    if context.language is not UNSET:
        check_language_tag(context.language, f"{path}.language")
    if context.statement is not UNSET:
        check_uuid(context.statement.id, f"{path}.statement.id")
    check_extensions(context.extensions, f"{path}.extensions")
    if context.context_activities is not UNSET:
        _check_context_activities(context.context_activities, f"{path}.contextActivities")
    _check_context_actors(context, path, version)


def _check_context_activities(groups: ContextActivities, path: str) -> None:
    for name in ("parent", "grouping", "category", "other"):
        activities = getattr(groups, name)
        if activities is UNSET:
            continue
        if isinstance(activities, list):
            for index, activity in enumerate(activities):
                check_activity(activity, f"{path}.{name}[{index}]")
        else:
            check_activity(activities, f"{path}.{name}")


def _check_context_actors(context: Context, path: str, version: XapiVersion) -> None:
    """`contextAgents` and `contextGroups`, which came with 2.0.0."""
    for name in ("contextAgents", "contextGroups"):
        present = context.context_agents if name == "contextAgents" else context.context_groups
        if present is not UNSET and version == "1.0.3":
            raise RuleBroken(f"{path}.{name}", "is no property of xAPI 1.0.3; send it as 2.0.0")
    if context.context_agents is not UNSET:
        for index, one in enumerate(context.context_agents):
            at = f"{path}.contextAgents[{index}]"
            if one.agent.object_type == "Group":
                raise RuleBroken(f"{at}.agent.objectType", "must be an Agent")
            check_agent(one.agent, f"{at}.agent")
            _check_relevant_types(one.relevant_types, f"{at}.relevantTypes")
    if context.context_groups is not UNSET:
        for index, many in enumerate(context.context_groups):
            at = f"{path}.contextGroups[{index}]"
            if many.group.object_type != "Group":
                raise RuleBroken(f"{at}.group.objectType", "must be a Group")
            check_group(many.group, f"{at}.group")
            _check_relevant_types(many.relevant_types, f"{at}.relevantTypes")


def _check_relevant_types(types: list[str] | UnsetType, path: str) -> None:
    if types is UNSET:
        return
    if not types:
        raise RuleBroken(path, "must not be empty")
    for index, text in enumerate(types):
        check_iri(text, f"{path}[{index}]")


def _check_attachment(attachment: Attachment, path: str) -> None:
    check_iri(attachment.usage_type, f"{path}.usageType")
    check_language_map(attachment.display, f"{path}.display")
    check_language_map(attachment.description, f"{path}.description")
    check_media_type(attachment.content_type, f"{path}.contentType")
    if attachment.length < 0:
        raise RuleBroken(f"{path}.length", "must be a number of octets, not negative")
    if not syntax.SHA2.fullmatch(attachment.sha2):
        raise RuleBroken(f"{path}.sha2", "must be a SHA-2 in hex digits")
    if attachment.file_url is not UNSET:
        check_iri(attachment.file_url, f"{path}.fileUrl")


def _check_version(text: str, version: XapiVersion) -> None:
    """`version` in a statement is of the family that the client speaks or, in 2.0.0, of the one
    before (1.0.3 part two 2.4.10; 2.0.0 4.2.4.3).
    """
    families = ("1.0",) if version == "1.0.3" else ("2.0", "1.0")
    if not syntax.VERSION.fullmatch(text) or text[:3] not in families:
        raise RuleBroken(
            "$.version", f"must be {families[0]}.x as the header says, is {shown(text)}"
        )
