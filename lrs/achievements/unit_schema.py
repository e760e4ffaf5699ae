"""The fields of a units file and the rules for their values: marshmallow schemas of units."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Final, get_args

from marshmallow import Schema, ValidationError, fields, post_load, validates_schema

from schemas.claims import OutcomeKind
from schemas.identifiers import actor_of
from schemas.sources import PROVENANCES
from schemas.units import (
    DEFAULT_PROVENANCE,
    GRADES,
    AllOf,
    AnyOf,
    Attended,
    Completed,
    Condition,
    Count,
    Examined,
    Hours,
    Passed,
    Period,
    Scored,
    Unit,
)
from schemas.xapi import syntax

_NOT_TEXT = "must be text: put quotes around a number, true or false"
_NOT_MAPPING = "must be fields with values: write `name: value` lines below it"
_MESSAGES: Final[Mapping[type[fields.Field[Any]], Mapping[str, str]]] = {
    fields.String: {"invalid": _NOT_TEXT},
    fields.Float: {"invalid": "must be a number", "special": "must be a number"},
    fields.Integer: {"invalid": "must be a whole number"},
    fields.Boolean: {"invalid": "must be true or false"},
    fields.Date: {"invalid": "must be a day such as 2026-03-01"},
    fields.List: {"invalid": "must be a list: begin each item with a dash"},
    fields.Dict: {"invalid": _NOT_MAPPING},
}

Check = Callable[[Any], None]


def _must(holds: Callable[[Any], object], rule: str) -> Check:
    def check(value: Any) -> None:
        if not holds(value):
            raise ValidationError(f"{rule}, is {value!r:.80}")

    return check


def _field(kind: type[fields.Field[Any]], *args: Any, **more: Any) -> Any:
    """Return a field that must be given, unless it has a default, and says so in our words."""
    told = next((messages for known, messages in _MESSAGES.items() if issubclass(kind, known)), {})
    return kind(
        *args,
        required="load_default" not in more,
        error_messages={
            "required": "must be given",
            "null": "must have a value: give one, or remove the field",
            **told,
        },
        **more,
    )


_TEXT = _must(lambda text: text.strip() and len(text) <= 500, "must be text of 1 to 500 characters")
_IRI = _must(syntax.IRI.fullmatch, "must be an absolute IRI such as https://lms.example.cn/quiz/1")
_SHARE = _must(
    lambda share: 0 <= share <= 1, "must be a share between 0 and 1, 60 % is written 0.6"
)
_LANGUAGE = _must(
    syntax.LANGUAGE_TAG.fullmatch, "must be a language tag such as en or zh-CN (BCP 47)"
)
_AMOUNT = _must(lambda amount: 0 < amount <= 100_000, "must be more than 0 and at most 100000")
_NUMBER = _must(lambda number: 1 <= number <= 1_000_000, "must be 1 or more")
_CODE = _must(
    lambda code: len(code) <= 64 and code.isascii() and code.replace("-", "").isalnum(),
    "must be 1 to 64 letters A-Z, digits and hyphens",
)
_SOME = _must(bool, "must not be empty: give at least one, or remove it")


def _one_of(known: tuple[str, ...]) -> Check:
    return _must(lambda value: value in known, f"must be one of {', '.join(known)}")


def _identifier(text: str) -> None:
    try:
        actor_of(text)
    except ValueError:
        _must(
            lambda _: False,
            "must be an identifier such as mbox:mailto:a@b.cn or account:https://lms.example.cn|7",
        )(text)


class _OneOrMore(fields.List[Any]):
    """A list, or its only item by itself."""

    def _deserialize(self, value: Any, *args: Any, **more: Any) -> list[Any]:
        return super()._deserialize([value] if isinstance(value, str) else value, *args, **more)


class _Fields(Schema):
    """What all mappings of the file share: they make a struct and take no unknown field."""

    makes: ClassVar[type]
    error_messages = {  # noqa: RUF012 - marshmallow merges it along the classes
        "type": _NOT_MAPPING,
        "unknown": "is not a field here: correct its name or remove it",
    }

    @post_load
    def _make(self, data: Mapping[str, Any], **_: Any) -> Any:
        return self.makes(
            **{
                name: tuple(value) if isinstance(value, list) else value
                for name, value in data.items()
                if value is not None
            }
        )


class PeriodSchema(_Fields):
    """Days, both included."""

    makes = Period
    since = _field(fields.Date, data_key="from", load_default=None)
    until = _field(fields.Date, load_default=None)

    @validates_schema
    def _ordered(self, data: Mapping[str, Any], **_: Any) -> None:
        since, until = data["since"], data["until"]
        if since is None and until is None:
            raise ValidationError("must have a day in from, until or both")
        if since is not None and until is not None and until < since:
            raise ValidationError(f"must not be before from ({since}), is {until}", "until")


class _LeafSchema(_Fields):
    activity = _field(fields.String, validate=_IRI)
    provenance = _field(
        fields.List,
        _field(fields.String, validate=_one_of(PROVENANCES)),
        validate=_SOME,
        load_default=None,
    )
    within = _field(fields.Nested, PeriodSchema, load_default=None)


class CompletedSchema(_LeafSchema):
    """The activity was completed."""

    makes = Completed


class PassedSchema(_LeafSchema):
    """The activity was passed."""

    makes = Passed


class ScoredSchema(_LeafSchema):
    """The activity was scored at least so."""

    makes = Scored
    at_least = _field(fields.Float, validate=_SHARE)


class HoursSchema(_LeafSchema):
    """So many hours were spent."""

    makes = Hours
    activity = _field(fields.String, validate=_IRI, load_default=None)
    course = _field(fields.String, validate=_IRI, load_default=None)
    at_least = _field(fields.Float, validate=_AMOUNT)

    @validates_schema
    def _one(self, data: Mapping[str, Any], **_: Any) -> None:
        if (data["activity"] is None) is (data["course"] is None):
            raise ValidationError("must have either activity or course: give one of them")


class AttendedSchema(_LeafSchema):
    """So many sessions were attended."""

    makes = Attended
    at_least = _field(fields.Integer, strict=True, validate=_NUMBER)
    of = _field(fields.Integer, strict=True, validate=_NUMBER, load_default=None)
    late_counts = _field(fields.Boolean, truthy={True}, falsy={False}, load_default=True)

    @validates_schema
    def _enough(self, data: Mapping[str, Any], **_: Any) -> None:
        if data["of"] is not None and data["at_least"] > data["of"]:
            raise ValidationError(f"must not be more than of ({data['of']})", "at_least")


class ExaminedSchema(_LeafSchema):
    """An examiner found that the learner passed."""

    makes = Examined
    by = _field(
        _OneOrMore,
        _field(fields.String, validate=_identifier),
        validate=_SOME,
        load_default=None,
    )
    at_least = _field(fields.Float, validate=_SHARE, load_default=None)


class ConditionField(fields.Field[Condition]):
    """A mapping whose only key names the condition, with what it asks for as the value."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **more: Any) -> Condition:
        known = ", ".join(CONDITIONS)
        if not isinstance(value, dict) or len(value) != 1:
            raise ValidationError(
                f"must be one condition ({known}): write its name once and indent below it "
                "what it asks for"
            )
        [(name, asked)] = value.items()
        if name not in CONDITIONS:
            raise ValidationError({name: [f"is not a condition: use one of {known}"]})
        try:
            condition: Condition = CONDITIONS[name](asked)
        except ValidationError as error:
            raise ValidationError({name: error.messages}) from error
        return condition


class CountSchema(_Fields):
    """So many of the conditions are met."""

    makes = Count
    at_least = _field(fields.Integer, strict=True, validate=_NUMBER)
    of = _field(fields.List, _field(ConditionField), validate=_SOME)

    @validates_schema
    def _enough(self, data: Mapping[str, Any], **_: Any) -> None:
        if data["at_least"] > len(data["of"]):
            raise ValidationError(
                f"must not be more than there are conditions ({len(data['of'])})", "at_least"
            )


def _conditions(value: Any) -> tuple[Condition, ...]:
    return tuple(_field(fields.List, _field(ConditionField), validate=_SOME).deserialize(value))


CONDITIONS: Final[Mapping[str, Callable[[Any], Condition]]] = {
    "completed": CompletedSchema().load,
    "passed": PassedSchema().load,
    "scored": ScoredSchema().load,
    "hours": HoursSchema().load,
    "attended": AttendedSchema().load,
    "examined": ExaminedSchema().load,
    "all": lambda value: AllOf(of=_conditions(value)),
    "any": lambda value: AnyOf(of=_conditions(value)),
    "count": CountSchema().load,
}
"""What reads each condition, by the key that names it."""


class UnitSchema(_Fields):
    """A unit at one version."""

    makes = Unit
    code = _field(fields.String, validate=_CODE)
    version = _field(fields.Integer, strict=True, validate=_NUMBER)
    title = _field(
        fields.Dict,
        keys=_field(fields.String, validate=_LANGUAGE),
        values=_field(fields.String, validate=_TEXT),
        validate=_SOME,
    )
    field = _field(fields.String, validate=_TEXT)
    level = _field(
        fields.Integer, strict=True, validate=_must(lambda n: 1 <= n <= 10, "must be 1 to 10")
    )
    credits = _field(fields.Float, validate=_AMOUNT)
    hours = _field(fields.Float, validate=_AMOUNT)
    awarding_body = _field(fields.String, validate=_TEXT)
    kind = _field(fields.String, validate=_one_of(get_args(OutcomeKind)))
    grade = _field(fields.String, validate=_one_of(GRADES), load_default=None)
    validity = _field(fields.Integer, strict=True, validate=_NUMBER, load_default=None)
    effective = _field(fields.Nested, PeriodSchema, load_default=None)
    provenance = _field(
        fields.List,
        _field(fields.String, validate=_one_of(PROVENANCES)),
        validate=_SOME,
        load_default=DEFAULT_PROVENANCE,
    )
    officer = _field(fields.Boolean, truthy={True}, falsy={False}, load_default=False)
    rule = _field(ConditionField)

    @validates_schema
    def _graded(self, data: Mapping[str, Any], **_: Any) -> None:
        if data["grade"] is not None and data["kind"] != "certificate":
            raise ValidationError(
                "goes with the kind certificate only: correct the kind or remove it", "grade"
            )


class UnitsFileSchema(Schema):
    """The whole file."""

    error_messages = _Fields.error_messages
    units = _field(fields.List, _field(fields.Nested, UnitSchema), validate=_SOME)
