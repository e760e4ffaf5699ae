"""The bank's contract as OpenAPI 3.1, from the shapes that requests are checked against."""

from __future__ import annotations

from typing import Any

import msgspec

from adapters.credit_bank import CataloguePage, HoldingsPage, LookupAnswer, SubmitAnswer
from lrs.bank.authorization import TOKEN_PATH
from lrs.bank.claims import Claim, Lookup, Withdrawal
from lrs.bank.clients import SCOPES

_SHAPES = (Claim, Withdrawal, Lookup, SubmitAnswer, HoldingsPage, CataloguePage, LookupAnswer)
_PROBLEMS = {
    "400": "What was sent breaks a rule; `errors` name path and rule.",
    "401": "There is no good access token.",
    "403": "The access token lacks the scope.",
    "429": "Come back later, after `Retry-After`.",
}


def description(url: str) -> dict[str, Any]:
    """Return the OpenAPI description of the bank at a base address."""
    schemas = msgspec.json.schema_components(_SHAPES, ref_template="#/components/schemas/{name}")[1]
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Credit Bank sandbox",
            "version": "1",
            "description": "Our own contract: no credit bank publishes a machine interface.",
        },
        "servers": [{"url": url}],
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "oauth": {
                    "type": "oauth2",
                    "flows": {
                        "clientCredentials": {
                            "tokenUrl": url + TOKEN_PATH,
                            "scopes": dict.fromkeys(SCOPES, ""),
                        }
                    },
                }
            },
        },
        "paths": {
            "/claims": {
                "post": _operation(
                    "Put a claim; the same outer_id and content give the same receipt again.",
                    "claims.write",
                    SubmitAnswer,
                    body=Claim,
                    new=True,
                )
            },
            "/claims/{outer_id}": {
                "get": _operation(
                    "Get the latest receipt of a claim.", "claims.read", SubmitAnswer, outer_id=True
                )
            },
            "/claims/{outer_id}/withdrawal": {
                "post": _operation(
                    "Withdraw a claim, also one that never came.",
                    "claims.write",
                    SubmitAnswer,
                    body=Withdrawal,
                    new=True,
                    outer_id=True,
                )
            },
            "/holdings": {
                "get": _operation(
                    "List what the bank holds of you, by outer_id.",
                    "claims.read",
                    HoldingsPage,
                    cursor=True,
                )
            },
            "/units": {
                "get": _operation(
                    "List the recognised units, by code.",
                    "claims.read",
                    CataloguePage,
                    cursor=True,
                )
            },
            "/learners/lookup": {
                "post": _operation(
                    "Find a learner's account by name and identity document.",
                    "learners.read",
                    LookupAnswer,
                    body=Lookup,
                )
            },
        },
    }


def _operation(
    summary: str,
    scope: str,
    answer: type[msgspec.Struct],
    *,
    body: type[msgspec.Struct] | None = None,
    new: bool = False,
    outer_id: bool = False,
    cursor: bool = False,
) -> dict[str, Any]:
    good = {"description": "Done.", "content": _content(answer)}
    problems = dict(_PROBLEMS)
    if outer_id or body is Lookup:
        problems["404"] = "There is none."
    if new:
        problems["409"] = "It goes against what was said of the same outer_id before."
    parameters = []
    if outer_id:
        parameters.append({"name": "outer_id", "in": "path", "required": True})
    if cursor:
        parameters.append({"name": "cursor", "in": "query", "required": False})
    operation: dict[str, Any] = {
        "summary": summary,
        "security": [{"oauth": [scope]}],
        "parameters": [{**one, "schema": {"type": "string"}} for one in parameters],
        "responses": {
            "200": good,
            **({"201": {**good, "description": "New."}} if new else {}),
            **{status: {"description": text} for status, text in problems.items()},
        },
    }
    if body is not None:
        operation["requestBody"] = {"required": True, "content": _content(body)}
    return operation


def _content(shape: type[msgspec.Struct]) -> dict[str, Any]:
    reference = {"$ref": f"#/components/schemas/{shape.__name__}"}
    return {"application/json": {"schema": reference}}
