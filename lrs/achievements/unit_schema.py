"""The fields of units and equivalences and the rules for their values: marshmallow schemas."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, get_args

from marshmallow import Schema, ValidationError, fields, validates_schema

from lrs.achievements.condition_schema import (
    AMOUNT,
    CODE,
    LABEL,
    LANGUAGE,
    NUMBER,
    SOME,
    TEXT,
    ConditionField,
    FieldsSchema,
    OneOrMore,
    PeriodSchema,
    field_of,
    must,
    one_of,
)
from schemas.claims import OutcomeKind
from schemas.equivalences import ConversionCap, Equivalence
from schemas.sources import PROVENANCES
from schemas.texts import Text
from schemas.units import (
    DEFAULT_PROVENANCE,
    GRADES,
    Achieved,
    Condition,
    Count,
    Credits,
    Group,
    LeafCondition,
    Unit,
)


class UnitSchema(FieldsSchema):
    """A unit at one version."""

    makes = Unit
    code = field_of(fields.String, validate=CODE)
    version = field_of(fields.Integer, strict=True, validate=NUMBER)
    title = field_of(
        fields.Dict,
        keys=field_of(fields.String, validate=LANGUAGE),
        values=field_of(fields.String, validate=TEXT),
        validate=SOME,
    )
    field = field_of(fields.String, validate=TEXT)
    level = field_of(
        fields.Integer, strict=True, validate=must(lambda n: 1 <= n <= 10, Text("must be 1 to 10"))
    )
    credits = field_of(fields.Float, validate=AMOUNT)
    hours = field_of(fields.Float, validate=AMOUNT)
    awarding_body = field_of(fields.String, validate=TEXT)
    kind = field_of(fields.String, validate=one_of(get_args(OutcomeKind)))
    grade = field_of(fields.String, validate=one_of(GRADES), load_default=None)
    validity = field_of(fields.Integer, strict=True, validate=NUMBER, load_default=None)
    effective = field_of(fields.Nested, PeriodSchema, load_default=None)
    provenance = field_of(
        fields.List,
        field_of(fields.String, validate=one_of(PROVENANCES)),
        validate=SOME,
        load_default=DEFAULT_PROVENANCE,
    )
    signed = field_of(fields.Boolean, truthy={True}, falsy={False}, load_default=False)
    officer = field_of(fields.Boolean, truthy={True}, falsy={False}, load_default=False)
    route = field_of(fields.String, validate=LABEL, load_default=None)
    supersedes = field_of(
        fields.List,
        field_of(fields.Integer, strict=True, validate=NUMBER),
        load_default=[],
    )
    rule = field_of(ConditionField)

    @validates_schema
    def _graded(self, data: Mapping[str, Any], **_: Any) -> None:
        if data["grade"] is not None and data["kind"] != "certificate":
            raise ValidationError(
                Text("goes with the kind certificate only: correct the kind or remove it"), "grade"
            )

    @validates_schema
    def _earlier(self, data: Mapping[str, Any], **_: Any) -> None:
        for version in data["supersedes"]:
            if version >= data["version"]:
                raise ValidationError(
                    Text(
                        "must be versions before this one (%(this)s), has %(version)s",
                        this=data["version"],
                        version=version,
                    ),
                    "supersedes",
                )

    @validates_schema
    def _narrowed(self, data: Mapping[str, Any], **_: Any) -> None:
        accepted = data["provenance"]
        for path, leaf in _leaves(data["rule"], ("rule",)):
            more = sorted(set(leaf.provenance or ()) - set(accepted))
            if more:
                raise ValidationError(
                    _at(
                        (*path, "provenance"),
                        Text(
                            "must only narrow what the unit accepts (%(accepted)s), "
                            "has %(more)s: remove it, or add it to the unit's provenance",
                            accepted=", ".join(accepted),
                            more=", ".join(more),
                        ),
                    )
                )


def _leaves(
    condition: Condition, path: tuple[str | int, ...]
) -> Iterator[tuple[tuple[str | int, ...], LeafCondition]]:
    """Yield the conditions on evidence, each with its path as it is written."""
    below = (*path, str(condition.__struct_config__.tag))
    if isinstance(condition, Group):
        within = (*below, "of") if isinstance(condition, Count) else below
        for index, inner in enumerate(condition.of):
            yield from _leaves(inner, (*within, index))
    elif not isinstance(condition, Achieved | Credits):
        yield below, condition


def _at(path: Sequence[str | int], rule: str) -> dict[str | int, Any]:
    """Return a message nested as marshmallow nests them."""
    message: Any = [rule]
    for step in reversed(path):
        message = {step: message}
    return dict(message)


class ConversionCapSchema(FieldsSchema):
    """Conversions of a category together bring no more than so many credits."""

    makes = ConversionCap
    category = field_of(fields.String, validate=LABEL)
    credits = field_of(fields.Float, validate=AMOUNT)


class EquivalenceSchema(FieldsSchema):
    """A rule that converts units into another one, at one version."""

    makes = Equivalence
    code = field_of(fields.String, validate=CODE)
    version = field_of(fields.Integer, strict=True, validate=NUMBER)
    title = field_of(
        fields.Dict,
        keys=field_of(fields.String, validate=LANGUAGE),
        values=field_of(fields.String, validate=TEXT),
        validate=SOME,
    )
    sources = field_of(
        OneOrMore, field_of(fields.String, validate=CODE), data_key="from", validate=SOME
    )
    target = field_of(fields.String, data_key="to", validate=CODE)
    both_ways = field_of(fields.Boolean, truthy={True}, falsy={False}, load_default=False)
    awarding_body = field_of(fields.String, validate=TEXT)
    credits = field_of(fields.Float, validate=AMOUNT, load_default=None)
    cap = field_of(fields.Nested, ConversionCapSchema, load_default=None)
    effective = field_of(fields.Nested, PeriodSchema, load_default=None)

    @validates_schema
    def _directed(self, data: Mapping[str, Any], **_: Any) -> None:
        wrong = {}
        if data["both_ways"] and len(data["sources"]) > 1:
            wrong["both_ways"] = [
                Text("goes with one unit in from only: write a second equivalence")
            ]
        if data["target"] in data["sources"]:
            wrong["to"] = [Text("must not be one of the units in from")]
        if wrong:
            raise ValidationError(wrong)


class UnitsFileSchema(Schema):
    """The whole file."""

    error_messages = FieldsSchema.error_messages
    units = field_of(
        fields.List, field_of(fields.Nested, UnitSchema), validate=SOME, load_default=[]
    )
    equivalences = field_of(
        fields.List, field_of(fields.Nested, EquivalenceSchema), validate=SOME, load_default=[]
    )

    @validates_schema
    def _something(self, data: Mapping[str, Any], **_: Any) -> None:
        if not data["units"] and not data["equivalences"]:
            raise ValidationError(Text("must be given"), "units")
