"""The xAPI statement: its shape, its rules, in 1.0.3 and 2.0.0."""

from schemas.xapi.compare import same_statement
from schemas.xapi.decode import (
    Received,
    decode_actor,
    decode_statement,
    decode_statements,
    read_statement,
)
from schemas.xapi.definitions import activities_of, merge_definitions
from schemas.xapi.errors import StatementError, VersionError
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
from schemas.xapi.rules import VOIDED
from schemas.xapi.versions import SPOKEN, XapiVersion, negotiate

__all__ = [
    "SPOKEN",
    "VOIDED",
    "Account",
    "Activity",
    "ActivityDefinition",
    "Actor",
    "Attachment",
    "Context",
    "ContextActivities",
    "Received",
    "Result",
    "ScoreResult",
    "Statement",
    "StatementError",
    "StatementObject",
    "StatementRef",
    "Verb",
    "VersionError",
    "XapiVersion",
    "activities_of",
    "decode_actor",
    "decode_statement",
    "decode_statements",
    "merge_definitions",
    "negotiate",
    "read_statement",
    "same_statement",
]
