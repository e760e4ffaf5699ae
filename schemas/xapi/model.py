"""The xAPI statement as typed structs: one pass decodes JSON and checks its shape.

Property names follow xAPI 1.0.3 part two (2.4) and 2.0.0 (IEEE 9274.1.1, 4.2); in Python they
are written in snake case. A property that is not there is `UNSET`; xAPI allows no null outside
`extensions`. Actor and object each have one struct for all their types because `objectType`
may be left out, which msgspec's tagged unions do not allow.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec
from msgspec import UNSET, UnsetType

LanguageMap = dict[str, str]
Extensions = dict[str, Any]


class XapiStruct(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    omit_defaults=True,
    rename="camel",
):
    """An object of the xAPI data model, which allows no property it does not name."""


class Account(XapiStruct, frozen=True, kw_only=True):
    """An account on a system, 2.4.2.4."""

    home_page: str
    name: str


class Actor(XapiStruct, frozen=True, kw_only=True):
    """An Agent or a Group, 2.4.2."""

    object_type: Literal["Agent", "Group"] | UnsetType = UNSET
    name: str | UnsetType = UNSET
    mbox: str | UnsetType = UNSET
    mbox_sha1sum: str | UnsetType = msgspec.field(default=UNSET, name="mbox_sha1sum")
    openid: str | UnsetType = UNSET
    account: Account | UnsetType = UNSET
    member: list[Actor] | UnsetType = UNSET


class Verb(XapiStruct, frozen=True, kw_only=True):
    """A verb, 2.4.3."""

    id: str
    display: LanguageMap | UnsetType = UNSET


class InteractionComponent(XapiStruct, frozen=True, kw_only=True):
    """A choice, scale point, source, target or step, 2.4.4.1."""

    id: str
    description: LanguageMap | UnsetType = UNSET


class ActivityDefinition(XapiStruct, frozen=True, kw_only=True):
    """An activity's definition, 2.4.4.1."""

    name: LanguageMap | UnsetType = UNSET
    description: LanguageMap | UnsetType = UNSET
    type: str | UnsetType = UNSET
    more_info: str | UnsetType = UNSET
    interaction_type: (
        Literal[
            "true-false",
            "choice",
            "fill-in",
            "long-fill-in",
            "matching",
            "performance",
            "sequencing",
            "likert",
            "numeric",
            "other",
        ]
        | UnsetType
    ) = UNSET
    correct_responses_pattern: list[str] | UnsetType = UNSET
    choices: list[InteractionComponent] | UnsetType = UNSET
    scale: list[InteractionComponent] | UnsetType = UNSET
    source: list[InteractionComponent] | UnsetType = UNSET
    target: list[InteractionComponent] | UnsetType = UNSET
    steps: list[InteractionComponent] | UnsetType = UNSET
    extensions: Extensions | UnsetType = UNSET


class Activity(XapiStruct, frozen=True, kw_only=True):
    """An activity where nothing else may stand (context activities), 2.4.4.1."""

    id: str
    object_type: Literal["Activity"] | UnsetType = UNSET
    definition: ActivityDefinition | UnsetType = UNSET


class StatementRef(XapiStruct, frozen=True, kw_only=True):
    """A reference to another statement, 2.4.4.3."""

    object_type: Literal["StatementRef"]
    id: str


class ScoreResult(XapiStruct, frozen=True, kw_only=True):
    """`result.score`, 2.4.5.1."""

    scaled: float | UnsetType = UNSET
    raw: float | UnsetType = UNSET
    min: float | UnsetType = UNSET
    max: float | UnsetType = UNSET


class Result(XapiStruct, frozen=True, kw_only=True):
    """`result`, 2.4.5."""

    score: ScoreResult | UnsetType = UNSET
    success: bool | UnsetType = UNSET
    completion: bool | UnsetType = UNSET
    response: str | UnsetType = UNSET
    duration: str | UnsetType = UNSET
    extensions: Extensions | UnsetType = UNSET


class ContextActivities(XapiStruct, frozen=True, kw_only=True):
    """`context.contextActivities`, 2.4.6.2; a single activity may stand for a list of one."""

    parent: list[Activity] | Activity | UnsetType = UNSET
    grouping: list[Activity] | Activity | UnsetType = UNSET
    category: list[Activity] | Activity | UnsetType = UNSET
    other: list[Activity] | Activity | UnsetType = UNSET


class ContextAgent(XapiStruct, frozen=True, kw_only=True):
    """An entry of `context.contextAgents` (2.0.0 only, 4.2.6.3)."""

    object_type: Literal["contextAgent"]
    agent: Actor
    relevant_types: list[str] | UnsetType = UNSET


class ContextGroup(XapiStruct, frozen=True, kw_only=True):
    """An entry of `context.contextGroups` (2.0.0 only, 4.2.6.3)."""

    object_type: Literal["contextGroup"]
    group: Actor
    relevant_types: list[str] | UnsetType = UNSET


class Context(XapiStruct, frozen=True, kw_only=True):
    """`context`, 2.4.6."""

    registration: str | UnsetType = UNSET
    instructor: Actor | UnsetType = UNSET
    team: Actor | UnsetType = UNSET
    context_activities: ContextActivities | UnsetType = UNSET
    context_agents: list[ContextAgent] | UnsetType = UNSET
    context_groups: list[ContextGroup] | UnsetType = UNSET
    revision: str | UnsetType = UNSET
    platform: str | UnsetType = UNSET
    language: str | UnsetType = UNSET
    statement: StatementRef | UnsetType = UNSET
    extensions: Extensions | UnsetType = UNSET


class Attachment(XapiStruct, frozen=True, kw_only=True):
    """An entry of `attachments`, 2.4.11; `length` is octets, `sha2` hex."""

    usage_type: str
    display: LanguageMap
    content_type: str
    length: int
    sha2: str
    description: LanguageMap | UnsetType = UNSET
    file_url: str | UnsetType = UNSET


class StatementObject(XapiStruct, frozen=True, kw_only=True):
    """Whatever stands under `object`: Activity (the default), Agent, Group, StatementRef or
    SubStatement, 2.4.4. Which properties go with which type is checked after decoding.
    """

    object_type: (
        Literal["Activity", "Agent", "Group", "StatementRef", "SubStatement"] | UnsetType
    ) = UNSET
    # Activity, StatementRef
    id: str | UnsetType = UNSET
    definition: ActivityDefinition | UnsetType = UNSET
    # Agent, Group
    name: str | UnsetType = UNSET
    mbox: str | UnsetType = UNSET
    mbox_sha1sum: str | UnsetType = msgspec.field(default=UNSET, name="mbox_sha1sum")
    openid: str | UnsetType = UNSET
    account: Account | UnsetType = UNSET
    member: list[Actor] | UnsetType = UNSET
    # SubStatement
    actor: Actor | UnsetType = UNSET
    verb: Verb | UnsetType = UNSET
    object: StatementObject | UnsetType = UNSET
    result: Result | UnsetType = UNSET
    context: Context | UnsetType = UNSET
    timestamp: str | UnsetType = UNSET
    attachments: list[Attachment] | UnsetType = UNSET


class Statement(XapiStruct, frozen=True, kw_only=True):
    """A statement, 2.4; `id`, `timestamp`, `stored`, `authority` and `version` are set by the
    LRS where the client left them out.
    """

    actor: Actor
    verb: Verb
    object: StatementObject
    id: str | UnsetType = UNSET
    result: Result | UnsetType = UNSET
    context: Context | UnsetType = UNSET
    timestamp: str | UnsetType = UNSET
    stored: str | UnsetType = UNSET
    authority: Actor | UnsetType = UNSET
    version: str | UnsetType = UNSET
    attachments: list[Attachment] | UnsetType = UNSET
