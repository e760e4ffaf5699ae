"""How a particular bank names what a claim carries: a mapping file, as data (docs/credit-bank.md).

For each kind of outcome a mapping holds the document that the bank takes, in which

- text that begins with `$.` is the place in the claim that the value comes from;
- an object with `from` is such a place with what is done to the value: `values` (another word for
  each), `time` (a `strftime` pattern, in `zone` hours from UTC), `times` (a factor, for numbers),
  `text: true` (as text), and `default` where the claim has none;
- all else stands as it is.

Beside the claim's own members there are `$.learner.account` (the name of the learner's account)
and `$.achieved_month` (1 to 12, in China's time).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from schemas.claims import ClaimPayload, IdentityDocument, OutcomeKind
from schemas.identifiers import actor_of

BANK_ZONE = 8.0
_MISSING: Any = object()


class MappingError(Exception):
    """A mapping that cannot be used, or a claim that it cannot name; the message says where."""


class BankMapping(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A bank's names: the document of each kind of outcome, and that of a learner's look-up."""

    format: Literal["bank-mapping/1"]
    name: str
    claims: dict[OutcomeKind, dict[str, Any]]
    lookup: dict[str, Any] | None = None


class _Taken(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A value taken from a place."""

    place: str = msgspec.field(name="from")
    values: dict[str, Any] | None = None
    time: str | None = None
    zone: Annotated[float, Meta(ge=-24, le=24)] = BANK_ZONE
    times: float | None = None
    text: bool = False
    default: Any = None


def read_mapping(content: object) -> BankMapping:
    """Return the mapping in plain data. Raises MappingError with the place that is wrong."""
    try:
        mapping = msgspec.convert(content, BankMapping)
    except msgspec.ValidationError as error:
        raise MappingError(str(error)) from error
    for kind, document in mapping.claims.items():
        _check(document, f"$.claims.{kind}")
    _check(mapping.lookup or {}, "$.lookup")
    return mapping


def map_claim(mapping: BankMapping, claim: ClaimPayload) -> dict[str, Any]:
    """Return a claim as the bank's document. Raises MappingError where it cannot be named."""
    document = mapping.claims.get(claim.kind)
    if document is None:
        raise MappingError(f"{mapping.name} takes no outcome of the kind {claim.kind}")
    values = msgspec.to_builtins(claim)
    values["achieved_at"] = claim.achieved_at
    values["achieved_month"] = claim.achieved_at.astimezone(
        timezone(timedelta(hours=BANK_ZONE))
    ).month
    values["learner"]["account"] = _account_name(claim.learner.identifier)
    filled: dict[str, Any] = _fill(document, values)
    return filled


def map_lookup(mapping: BankMapping, name: str, document: IdentityDocument) -> dict[str, Any]:
    """Return a learner's look-up as the bank's document. Raises MappingError."""
    if mapping.lookup is None:
        raise MappingError(f"{mapping.name} looks no learner up")
    values = {"name": name, "document": {"type": document.type, "number": document.number}}
    filled: dict[str, Any] = _fill(mapping.lookup, values)
    return filled


def _account_name(identifier: str) -> str:
    """Return the name of an account, or the whole identifier of another kind."""
    account = actor_of(identifier).get("account")
    return str(account["name"]) if account else identifier


def _check(node: Any, where: str) -> None:
    if isinstance(node, list):
        for index, item in enumerate(node):
            _check(item, f"{where}[{index}]")
    elif isinstance(node, Mapping):
        if "from" in node:
            taken = _taken(node, where)
            if not taken.place.startswith("$."):
                raise MappingError(f"{where}.from: {taken.place!r} does not begin with $.")
            return
        for name, item in node.items():
            _check(item, f"{where}.{name}")


def _taken(node: Mapping[str, Any], where: str) -> _Taken:
    try:
        return msgspec.convert(node, _Taken)
    except msgspec.ValidationError as error:
        raise MappingError(f"{where}: {error}") from error


def _fill(node: Any, values: Mapping[str, Any]) -> Any:
    if isinstance(node, list):
        return [_fill(item, values) for item in node]
    if isinstance(node, Mapping):
        if "from" in node:
            return _value(_taken(node, "$"), values)
        return {name: _fill(item, values) for name, item in node.items()}
    if isinstance(node, str) and node.startswith("$."):
        return _value(_Taken(place=node), values)
    return node


def _value(taken: _Taken, values: Mapping[str, Any]) -> Any:
    value: Any = values
    for name in taken.place[2:].split("."):
        value = value.get(name, _MISSING) if isinstance(value, Mapping) else _MISSING
    if value is _MISSING or value is None:
        if taken.default is None:
            raise MappingError(f"the claim has no {taken.place}, which this bank must be told")
        return taken.default
    if taken.values is not None:
        if str(value) not in taken.values:
            raise MappingError(f"this bank has no word for {value!r} of {taken.place}")
        return taken.values[str(value)]
    if taken.times is not None:
        value = round(float(value) * taken.times, 6)
        value = int(value) if value == int(value) else value
    if isinstance(value, datetime):
        zone = timezone(timedelta(hours=taken.zone))
        return value.astimezone(zone).strftime(taken.time or "%Y-%m-%dT%H:%M:%S%z")
    if taken.text:
        return f"{value:g}" if isinstance(value, float) else str(value)
    return value
