"""One string for each inverse functional identifier, so that identifiers compare and index."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

IDENTIFIER_KINDS = ("mbox", "mbox_sha1sum", "openid", "account")
"""xAPI 1.0.3 part two, 2.4.2.3; 2.0.0 (IEEE 9274.1.1) 4.2.2.2."""


def identifier_of(actor: Mapping[str, Any]) -> str | None:
    """Return an actor's identifier as one string, or None where it has none.

    `{"mbox": "mailto:a@b.cn"}` gives `mbox:mailto:a@b.cn`, an account gives
    `account:HOMEPAGE|NAME` (an IRI holds no `|`, a name may).
    """
    for kind in ("mbox", "mbox_sha1sum", "openid"):
        if kind in actor:
            return f"{kind}:{actor[kind]}"
    if "account" in actor:
        account = actor["account"]
        return f"account:{account['homePage']}|{account['name']}"
    return None


def actor_of(identifier: str) -> dict[str, Any]:
    """Return the xAPI properties that carry `identifier`: the reverse of `identifier_of`.

    Raises ValueError where the string is not one of `identifier_of`.
    """
    kind, _, value = identifier.partition(":")
    if not value or kind not in IDENTIFIER_KINDS:
        raise ValueError(f"not an identifier: {identifier!r}")
    if kind == "account":
        home_page, bar, name = value.partition("|")
        if not bar:
            raise ValueError(f"not an account identifier: {identifier!r}")
        return {"account": {"homePage": home_page, "name": name}}
    return {kind: value}
