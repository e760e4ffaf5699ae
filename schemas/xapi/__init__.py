"""The xAPI statement: its shape, in 1.0.3 and 2.0.0."""

from schemas.xapi.model import (
    Account,
    Activity,
    ActivityDefinition,
    Actor,
    Attachment,
    Context,
    ContextActivities,
    Result,
    ScoreResult,
    Statement,
    StatementObject,
    StatementRef,
    Verb,
)

__all__ = [
    "Account",
    "Activity",
    "ActivityDefinition",
    "Actor",
    "Attachment",
    "Context",
    "ContextActivities",
    "Result",
    "ScoreResult",
    "Statement",
    "StatementObject",
    "StatementRef",
    "Verb",
]
