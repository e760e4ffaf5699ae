"""The parameters of a request, each read and checked; Problem (400) names what is wrong."""

from __future__ import annotations

from datetime import UTC

from flask import request

from lrs.problems import Problem
from lrs.xapi.search_keys import identifier
from schemas.texts import Text, text_of
from schemas.times import instant_of
from schemas.xapi import Actor, StatementError, decode_actor
from schemas.xapi.syntax import IRI, UUID, parse_timestamp


def expect_parameters(*known: str) -> None:
    """Refuse a parameter that is not `known` here (in this case) or given more than once."""
    for name, values in request.args.lists():
        if name not in known:
            raise Problem(
                400,
                Text(
                    "The parameter %(name)r is not known here; parameters: %(known)s.",
                    name=name[:80],
                    known=", ".join(sorted(known)) or "none",
                ),
            )
        if len(values) > 1:
            raise Problem(
                400,
                Text(
                    "The parameter %(name)s is given %(values)s times.",
                    name=name,
                    values=len(values),
                ),
            )


def required(name: str) -> str:
    """Return a parameter that must be there."""
    text = request.args.get(name)
    if text is None:
        raise Problem(400, Text("The parameter %(name)s is missing.", name=name))
    return text


def uuid_parameter(name: str) -> str | None:
    """Return a UUID in lower case, None where it is not given."""
    text = request.args.get(name)
    if text is not None and not UUID.fullmatch(text):
        raise Problem(400, Text("The parameter %(name)s must be a UUID.", name=name))
    return text.lower() if text is not None else None


def flag_parameter(name: str) -> bool:
    """Return a Boolean, false where it is not given."""
    text = request.args.get(name, "false").lower()
    if text not in ("true", "false"):
        raise Problem(400, Text("The parameter %(name)s must be true or false.", name=name))
    return text == "true"


def number_parameter(name: str) -> int:
    """Return a number that is not negative, 0 where it is not given."""
    text = request.args.get(name, "0")
    if not (text.isascii() and text.isdecimal() and len(text) < 20 and int(text) < 1 << 63):
        raise Problem(
            400, Text("The parameter %(name)s must be a number that is not negative.", name=name)
        )
    return int(text)


def iri_parameter(name: str) -> str:
    """Return an IRI that must be there."""
    text = required(name)
    if not IRI.fullmatch(text):
        raise Problem(400, Text("The parameter %(name)s must be an absolute IRI.", name=name))
    return text


def instant_parameter(name: str) -> int | None:
    """Return a timestamp in microseconds since the epoch, None where it is not given."""
    text = request.args.get(name)
    if text is None:
        return None
    moment = parse_timestamp(text)
    if moment is None:
        raise Problem(
            400, Text("The parameter %(name)s must be a timestamp (RFC 3339).", name=name)
        )
    return instant_of(moment if moment.tzinfo else moment.replace(tzinfo=UTC))


def agent_parameter(name: str = "agent", *, group: bool = False) -> tuple[Actor, str]:
    """Return an Agent that must be there, with its identifier; an identified Group if `group`."""
    text = required(name)
    kind = "an Agent or an identified Group" if group else "an Agent"
    try:
        actor = decode_actor(text.encode("utf-8", "surrogatepass"))
    except StatementError as error:
        raise Problem(
            400,
            Text(
                "The parameter %(name)s must be %(kind)s as JSON: %(error)s.",
                name=name,
                kind=kind,
                error=text_of(error),
            ),
        ) from None
    found = identifier(actor)
    if found is None or (actor.object_type == "Group" and not group):
        raise Problem(
            400, Text("The parameter %(name)s must be %(kind)s as JSON.", name=name, kind=kind)
        )
    return actor, found
