"""The conditions of a rule as people write them, and the rules for their values."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Final, get_args

from marshmallow import Schema, ValidationError, fields, post_dump, post_load, validates_schema

from lrs.achievements.written import written_condition
from schemas.identifiers import actor_of
from schemas.sources import PROVENANCES
from schemas.texts import Text
from schemas.units import (
    Achieved,
    AllOf,
    AnyOf,
    Attended,
    CapPer,
    Completed,
    Condition,
    Count,
    CreditCap,
    CreditMinimum,
    Credits,
    Examined,
    Hours,
    Passed,
    Period,
    Scored,
    Sequence,
)
from schemas.xapi import syntax

_NOT_TEXT = Text("must be text: put quotes around a number, true or false")
_NOT_MAPPING = Text("must be fields with values: write `name: value` lines below it")
_MESSAGES: Final[Mapping[type[fields.Field[Any]], Mapping[str, str]]] = {
    fields.String: {"invalid": _NOT_TEXT},
    fields.Float: {"invalid": Text("must be a number"), "special": Text("must be a number")},
    fields.Integer: {"invalid": Text("must be a whole number")},
    fields.Boolean: {"invalid": Text("must be true or false")},
    fields.Date: {"invalid": Text("must be a day such as 2026-03-01")},
    fields.List: {"invalid": Text("must be a list: begin each item with a dash")},
    fields.Dict: {"invalid": _NOT_MAPPING},
}

Check = Callable[[Any], None]


def must(holds: Callable[[Any], object], rule: str) -> Check:
    """Return a check that raises ValidationError with the rule where `holds` is not true."""

    def check(value: Any) -> None:
        if not holds(value):
            raise ValidationError(Text("%(rule)s, is %(value)s", rule=rule, value=f"{value!r:.80}"))

    return check


def field_of(kind: type[fields.Field[Any]], *args: Any, **more: Any) -> Any:
    """Return a field that must be given, unless it has a default, and says so in our words."""
    told = next((messages for known, messages in _MESSAGES.items() if issubclass(kind, known)), {})
    return kind(
        *args,
        required="load_default" not in more,
        error_messages={
            "required": Text("must be given"),
            "null": Text("must have a value: give one, or remove the field"),
            **told,
        },
        **more,
    )


TEXT = must(
    lambda text: text.strip() and len(text) <= 500, Text("must be text of 1 to 500 characters")
)
IRI = must(
    syntax.IRI.fullmatch, Text("must be an absolute IRI such as https://lms.example.cn/quiz/1")
)
SHARE = must(lambda share: 0 <= share <= 1, Text("must be a share between 0 and 1, such as 0.6"))
LANGUAGE = must(
    syntax.LANGUAGE_TAG.fullmatch, Text("must be a language tag such as en or zh-CN (BCP 47)")
)
AMOUNT = must(lambda amount: 0 < amount <= 100_000, Text("must be more than 0 and at most 100000"))
NUMBER = must(lambda number: 1 <= number <= 1_000_000, Text("must be 1 or more"))
CODE = must(
    lambda code: len(code) <= 64 and code.isascii() and code.replace("-", "").isalnum(),
    Text("must be 1 to 64 letters A-Z, digits and hyphens"),
)
LABEL = must(
    lambda text: text.strip() and len(text) <= 64, Text("must be a name of 1 to 64 characters")
)
SOME = must(bool, Text("must not be empty: give at least one, or remove it"))


def one_of(known: tuple[str, ...]) -> Check:
    """Return a check that a value is one of those known."""
    return must(
        lambda value: value in known, Text("must be one of %(known)s", known=", ".join(known))
    )


def _identifier(text: str) -> None:
    try:
        actor_of(text)
    except ValueError:
        must(
            lambda _: False,
            Text(
                "must be an identifier such as mbox:mailto:a@b.cn or "
                "account:https://lms.example.cn|7"
            ),
        )(text)


class OneOrMore(fields.List[Any]):
    """A list, or its only item by itself."""

    def _deserialize(self, value: Any, *args: Any, **more: Any) -> list[Any]:
        return super()._deserialize([value] if isinstance(value, str) else value, *args, **more)


class FieldsSchema(Schema):
    """What all mappings of the file share: they make a struct and take no unknown field."""

    makes: ClassVar[type]
    error_messages = {  # noqa: RUF012 - marshmallow merges it along the classes
        "type": _NOT_MAPPING,
        "unknown": Text("is not a field here: correct its name or remove it"),
    }

    @post_dump
    def _without_nothing(self, data: Mapping[str, Any], **_: Any) -> dict[str, Any]:
        """Leave out what need not be said, so that what is given can be sent back."""
        return {name: value for name, value in data.items() if value not in (None, {}, [])}

    @post_load
    def _make(self, data: Mapping[str, Any], **_: Any) -> Any:
        return self.makes(
            **{
                name: tuple(value) if isinstance(value, list) else value
                for name, value in data.items()
                if value is not None
            }
        )


class PeriodSchema(FieldsSchema):
    """Days, both included."""

    makes = Period
    since = field_of(fields.Date, data_key="from", load_default=None)
    until = field_of(fields.Date, load_default=None)

    @validates_schema
    def _ordered(self, data: Mapping[str, Any], **_: Any) -> None:
        since, until = data["since"], data["until"]
        if since is None and until is None:
            raise ValidationError(Text("must have a day in from, until or both"))
        if since is not None and until is not None and until < since:
            raise ValidationError(
                Text("must not be before from (%(since)s), is %(until)s", since=since, until=until),
                "until",
            )


class _LeafSchema(FieldsSchema):
    activity = field_of(fields.String, validate=IRI)
    provenance = field_of(
        fields.List,
        field_of(fields.String, validate=one_of(PROVENANCES)),
        validate=SOME,
        load_default=None,
    )
    within = field_of(fields.Nested, PeriodSchema, load_default=None)
    signed = field_of(fields.Boolean, truthy={True}, falsy={False}, load_default=False)
    minutes_at_least = field_of(fields.Float, validate=AMOUNT, load_default=None)


class CompletedSchema(_LeafSchema):
    """The activity was completed."""

    makes = Completed


class PassedSchema(_LeafSchema):
    """The activity was passed."""

    makes = Passed


class ScoredSchema(_LeafSchema):
    """The activity was scored at least so."""

    makes = Scored
    at_least = field_of(fields.Float, validate=SHARE)


class HoursSchema(_LeafSchema):
    """So many hours were spent."""

    makes = Hours
    activity = field_of(fields.String, validate=IRI, load_default=None)
    course = field_of(fields.String, validate=IRI, load_default=None)
    at_least = field_of(fields.Float, validate=AMOUNT)

    @validates_schema
    def _one(self, data: Mapping[str, Any], **_: Any) -> None:
        if (data["activity"] is None) is (data["course"] is None):
            raise ValidationError(Text("must have either activity or course: give one of them"))


class AttendedSchema(_LeafSchema):
    """So many sessions were attended."""

    makes = Attended
    at_least = field_of(fields.Integer, strict=True, validate=NUMBER)
    of = field_of(fields.Integer, strict=True, validate=NUMBER, load_default=None)
    late_counts = field_of(fields.Boolean, truthy={True}, falsy={False}, load_default=True)

    @validates_schema
    def _enough(self, data: Mapping[str, Any], **_: Any) -> None:
        if data["of"] is not None and data["at_least"] > data["of"]:
            raise ValidationError(
                Text("must not be more than of (%(of)s)", of=data["of"]), "at_least"
            )


class ExaminedSchema(_LeafSchema):
    """An examiner found that the learner passed."""

    makes = Examined
    by = field_of(
        OneOrMore,
        field_of(fields.String, validate=_identifier),
        validate=SOME,
        load_default=None,
    )
    at_least = field_of(fields.Float, validate=SHARE, load_default=None)


class AchievedSchema(FieldsSchema):
    """A unit was achieved."""

    makes = Achieved
    unit = field_of(fields.String, validate=CODE)
    within = field_of(fields.Nested, PeriodSchema, load_default=None)


class _OfCreditsSchema(FieldsSchema):
    category = field_of(OneOrMore, field_of(fields.String, validate=LABEL), load_default=[])
    route = field_of(OneOrMore, field_of(fields.String, validate=LABEL), load_default=[])


class CreditMinimumSchema(_OfCreditsSchema):
    """So many of the credits are of a kind."""

    makes = CreditMinimum
    at_least = field_of(fields.Float, validate=AMOUNT)


class CreditCapSchema(_OfCreditsSchema):
    """No more than so many of a kind count."""

    makes = CreditCap
    per = field_of(fields.String, validate=one_of(get_args(CapPer)), load_default=None)
    begins = field_of(
        fields.Integer,
        strict=True,
        validate=must(lambda n: 1 <= n <= 12, Text("must be a month, 1 to 12")),
        load_default=1,
    )
    credits = field_of(fields.Float, validate=AMOUNT, load_default=None)
    units = field_of(fields.Integer, strict=True, validate=NUMBER, load_default=None)

    @validates_schema
    def _bounds(self, data: Mapping[str, Any], **_: Any) -> None:
        if data["credits"] is None and data["units"] is None:
            raise ValidationError(
                Text("must have credits or units: give how many count at the most")
            )


class CreditsSchema(FieldsSchema):
    """The credits of units come to so many."""

    makes = Credits
    at_least = field_of(fields.Float, validate=AMOUNT)
    units = field_of(
        fields.Dict,
        keys=field_of(fields.String, validate=LABEL),
        values=field_of(fields.List, field_of(fields.String, validate=CODE), validate=SOME),
        validate=SOME,
    )
    of_which = field_of(fields.List, field_of(fields.Nested, CreditMinimumSchema), load_default=[])
    caps = field_of(fields.List, field_of(fields.Nested, CreditCapSchema), load_default=[])

    @validates_schema
    def _categories(self, data: Mapping[str, Any], **_: Any) -> None:
        codes = [code for units in data["units"].values() for code in units]
        for code in codes:
            if codes.count(code) > 1:
                raise ValidationError(
                    Text("must name each unit once, %(code)s stands twice", code=code), "units"
                )
        for name in ("of_which", "caps"):
            for place, one in enumerate(data[name]):
                for category in one.category:
                    if category not in data["units"]:
                        raise ValidationError(
                            {
                                name: {
                                    place: {
                                        "category": [
                                            Text(
                                                "must be one of %(known)s, is %(category)r",
                                                known=", ".join(data["units"]),
                                                category=category,
                                            )
                                        ]
                                    }
                                }
                            }
                        )

    @post_load
    def _make(self, data: Mapping[str, Any], **more: Any) -> Any:
        units = {category: tuple(codes) for category, codes in data["units"].items()}
        return super()._make({**data, "units": units}, **more)


class ConditionField(fields.Field[Condition]):
    """A mapping whose only key names the condition, with what it asks for as the value."""

    def _serialize(self, value: Condition | None, attr: Any, obj: Any, **more: Any) -> Any:
        return None if value is None else written_condition(value)

    def _deserialize(self, value: Any, attr: Any, data: Any, **more: Any) -> Condition:
        known = ", ".join(CONDITIONS)
        if not isinstance(value, dict) or len(value) != 1:
            raise ValidationError(
                Text(
                    "must be one condition (%(known)s): write its name once and indent "
                    "below it what it asks for",
                    known=known,
                )
            )
        [(name, asked)] = value.items()
        if name not in CONDITIONS:
            raise ValidationError(
                {name: [Text("is not a condition: use one of %(known)s", known=known)]}
            )
        try:
            condition: Condition = CONDITIONS[name](asked)
        except ValidationError as error:
            raise ValidationError({name: error.messages}) from error
        return condition


class CountSchema(FieldsSchema):
    """So many of the conditions are met."""

    makes = Count
    at_least = field_of(fields.Integer, strict=True, validate=NUMBER)
    of = field_of(fields.List, field_of(ConditionField), validate=SOME)

    @validates_schema
    def _enough(self, data: Mapping[str, Any], **_: Any) -> None:
        if data["at_least"] > len(data["of"]):
            raise ValidationError(
                Text(
                    "must not be more than there are conditions (%(count)s)", count=len(data["of"])
                ),
                "at_least",
            )


def _conditions(value: Any) -> tuple[Condition, ...]:
    return tuple(field_of(fields.List, field_of(ConditionField), validate=SOME).deserialize(value))


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
    "sequence": lambda value: Sequence(of=_conditions(value)),
    "achieved": AchievedSchema().load,
    "credits": CreditsSchema().load,
}
"""What reads each condition, by the key that names it."""
