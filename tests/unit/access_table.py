"""Who may come through which door. A new route needs a row here; `test_access.py` says so.

A row is `"METHOD rule": who`, where `who` is

- `OPEN`: strangers too;
- `CLIENTS`: no principal, but OAuth clients, or devices: the request itself proves who sends it;
- `EVERYBODY`: whoever is signed in, in whatever role;
- names of roles, beside `administrator`, who may do everything ("" is for administrators alone);
- `ROLE@own`: the role, at an address with what is their own in it, not with another tenant's;
- for `/xapi`: `Scopes("…")`, the scopes of which a source needs one, beside `all`.

Whoever is named must get past the door: no 401, 403 or 5xx, and 200 for a GET without a place in
its address (but for those in `ANSWERS`). Everybody else must get 403, a stranger 401, or on a page
the way to /sign-in.
"""

from typing import NamedTuple


class Scopes(NamedTuple):
    """The xAPI scopes that open a door, one of them is enough."""

    names: str


OPEN = "strangers too"
CLIENTS = "OAuth clients"
EVERYBODY = "officer registrar trainer auditor enterprise learner reader"

ANSWERS: dict[str, int | tuple[int, ...]] = {
    "GET /": (200, 303),  # on to the first page that one may see
    "GET /my-learning": (200, 404),  # an administrator is no learner
    "GET /api/v1/ledger/checkpoint": 404,  # there is none yet
    "GET /api/v1/ledger/consistency": 400,  # parameters are missing
    "GET /api/v1/ledger/inclusion": 400,
    "GET /api/v1/enterprise/records": 400,
    "GET /api/v1/audit-events": (200, 400),  # an enterprise must name the employee
}

DOORS = {
    "GET /healthz": OPEN,
    "GET /readyz": OPEN,
    "GET /metrics": OPEN,
    "GET /static/<path:filename>": OPEN,
    "GET /.well-known/jwks.json": OPEN,
    "GET /.well-known/oauth-authorization-server": OPEN,
    "GET /.well-known/oauth-protected-resource": OPEN,
    "GET /oauth/jwks": OPEN,
    "POST /oauth/token": CLIENTS,
    "POST /oauth/introspect": CLIENTS,
    "POST /oauth/revoke": CLIENTS,
    # Pages
    "GET /": EVERYBODY,
    "GET /learners": "reader officer registrar",
    "GET /learners/<persona>": "reader officer registrar",
    "GET /catalogue": OPEN,
    "GET /catalogue/<code>": OPEN,
    "GET /overview/live": "reader officer registrar",
    "GET /statements": "reader officer registrar",
    "GET /statements/<uuid:statement>": "reader officer registrar",
    # Whoever holds a credential's address or a status list's may check it.
    "GET /credentials/<uuid:number>": OPEN,
    "GET /issuer": OPEN,
    "GET /issuer/certificates.pem": OPEN,
    "GET /status/<int:number>": OPEN,
    "GET /attendance/": OPEN,
    "GET /attendance/courses": "trainer registrar",
    "GET /attendance/manifest.webmanifest": OPEN,
    "GET /attendance/worker.js": OPEN,
    "GET /officer-queue": "officer",
    "POST /officer-queue": "officer",
    "GET /officer-queue/<achievement>": "officer",
    "POST /officer-queue/<achievement>": "officer",
    "GET /verify": OPEN,
    "GET /auditing": "auditor",
    "GET /auditing/<engagement>": "auditor",
    "GET /claims": "reader officer",
    "GET /claims/<claim>": "reader officer",
    "GET /claims/outbox": "reader officer",
    "POST /claims/outbox": "officer",
    "GET /claims/reconciliations/<int:reconciliation>": "reader officer auditor",
    "GET /devices": "registrar",
    "POST /devices": "registrar",
    "GET /imports": "registrar trainer",
    "POST /imports": "registrar trainer",
    "GET /imports/<import_id>": "registrar trainer",
    "GET /imports/<import_id>/rows/<int:number>": "registrar trainer",
    "POST /imports/<import_id>/rows/<int:number>": "registrar trainer",
    "GET /my-learning": "learner",
    "POST /my-learning/credentials": "learner",
    "GET /operations": "",
    "GET /operations/audit-log": "",
    "GET /operations/people": "",
    "GET /units": "reader officer registrar",
    "GET /units/<code>/<int:version>": "reader officer registrar",
    "GET /units/editor": "",
    "POST /units/editor": "",
    # The ledger is public: it holds commitments only.
    "GET /ledger/checkpoint": OPEN,
    "GET /ledger/keys": OPEN,
    "GET /ledger/proof/<int:index>": OPEN,
    "GET /ledger/tile/<path:path>": OPEN,
    "GET /sign-in": OPEN,
    "POST /sign-in": OPEN,
    "GET /sign-in/code": OPEN,
    "POST /sign-in/code": OPEN,
    "GET /sign-in/link/<token>": OPEN,
    "POST /sign-in/link/<token>": OPEN,
    "GET /sign-in/outside": OPEN,
    "GET /sign-in/outside/back": OPEN,
    "POST /sign-out": OPEN,
    "GET /account": EVERYBODY,
    "POST /account/password": EVERYBODY,
    "POST /account/second-factor": EVERYBODY,
    "POST /account/second-factor/confirm": EVERYBODY,
    "POST /account/second-factor/remove": EVERYBODY,
    "POST /account/sessions/end": EVERYBODY,
    # Our own resources
    "GET /api/v1/openapi.json": OPEN,
    "GET /api/v1/me": EVERYBODY,
    "GET /api/v1/personas": "reader registrar",
    "GET /api/v1/personas/<persona>": "reader registrar",
    "GET /api/v1/records": "reader registrar officer",
    "GET /api/v1/achievements": "reader officer",
    "GET /api/v1/personas/<persona>/units/<unit>/explanation": "reader officer",
    "POST /api/v1/achievements/<achievement>/credentials": "registrar learner",
    "GET /api/v1/personas/<persona>/clr": "registrar learner@own",
    "GET /api/v1/personas/<persona>/credentials": "registrar learner@own",
    "GET /api/v1/personas/<persona>/transcript": "registrar learner@own",
    "GET /api/v1/units": "reader officer registrar",
    "POST /api/v1/units": "",
    "GET /api/v1/units/<code>/versions/<int:version>": "reader officer registrar",
    "POST /api/v1/units/what-if": "reader officer registrar",
    "GET /api/v1/unit-drafts": "reader officer",
    "GET /api/v1/unit-drafts/<code>/<int:version>": "reader officer",
    "PUT /api/v1/unit-drafts/<code>/<int:version>": "",
    "DELETE /api/v1/unit-drafts/<code>/<int:version>": "",
    "POST /api/v1/unit-drafts/<code>/<int:version>/publication": "",
    "GET /api/v1/equivalences": "reader officer registrar",
    "POST /api/v1/equivalences": "",
    "GET /api/v1/personas/<persona>/badge-links": "learner@own",
    "POST /api/v1/personas/<persona>/badge-links": "learner@own",
    "DELETE /api/v1/personas/<persona>/badge-links/<uuid:link>": "learner@own",
    "GET /badge-links/callback": OPEN,
    "GET /api/v1/audit-events": "reader learner enterprise",
    "GET /api/v1/claims/<claim>/dossier": "auditor",
    "GET /api/v1/engagements": "auditor",
    "POST /api/v1/engagements": "",
    "GET /api/v1/engagements/<engagement>": "auditor",
    "POST /api/v1/engagements/<engagement>/end": "",
    "GET /api/v1/engagements/<engagement>/sample": "auditor",
    "POST /api/v1/personas/<persona>/erasure": "",
    "GET /api/v1/personas/<persona>/recognition": "registrar learner@own",
    "GET /api/v1/officer-queue": "officer",
    "POST /api/v1/achievement-decisions": "officer",
    "POST /api/v1/achievements/<achievement>/decision": "officer",
    "GET /api/v1/achievements/<achievement>/decisions": "officer",
    "GET /api/v1/claims": "reader officer",
    "GET /api/v1/ledger/checkpoint": "reader officer auditor enterprise",
    "GET /api/v1/ledger/consistency": "reader officer auditor enterprise",
    "GET /api/v1/ledger/inclusion": "reader officer auditor enterprise",
    "GET /api/v1/imports": "registrar trainer",
    "POST /api/v1/imports": "registrar trainer",
    "POST /api/v1/imports/preview": "registrar trainer",
    "GET /api/v1/imports/template": "registrar trainer",
    "GET /api/v1/imports/<import_id>": "registrar trainer",
    "GET /api/v1/imports/<import_id>/rows": "registrar trainer",
    "GET /api/v1/quarantine": "registrar trainer",
    "GET /api/v1/quarantine/<import_id>/<int:number>": "registrar trainer",
    "POST /api/v1/quarantine/<import_id>/<int:number>/release": "registrar trainer",
    "POST /api/v1/quarantine/<import_id>/<int:number>/discard": "registrar trainer",
    "GET /api/v1/devices": "registrar",
    "POST /api/v1/devices": "registrar",
    "GET /api/v1/devices/<device>": "registrar",
    "POST /api/v1/devices/<device>/revoke": "registrar",
    "POST /api/v1/device-batches": CLIENTS,
    "GET /api/v1/organisations": "registrar",
    "GET /api/v1/organisations/<organisation>": "registrar",
    "PUT /api/v1/organisations/<organisation>": "registrar",
    "GET /api/v1/organisations/<organisation>/employments": "registrar",
    "POST /api/v1/organisations/<organisation>/employments": "registrar",
    "GET /api/v1/organisations/<organisation>/consents": "registrar",
    "POST /api/v1/organisations/<organisation>/consents": "registrar",
    "POST /api/v1/organisations/<organisation>/consents/<persona>/withdraw": "registrar",
    "GET /api/v1/me/consents": "learner",
    "PUT /api/v1/me/consents/<organisation>": "learner",
    "DELETE /api/v1/me/consents/<organisation>": "learner",
    "GET /api/v1/enterprise/achievements": "enterprise",
    "GET /api/v1/enterprise/achievements/changes": "enterprise",
    "GET /api/v1/enterprise/export": "enterprise",
    "GET /api/v1/enterprise/summary": "enterprise",
    "GET /api/v1/enterprise/records": "enterprise",
    "GET /api/v1/outbox": "reader officer",
    "POST /api/v1/outbox/<int:item>/discard": "officer",
    "POST /api/v1/outbox/<int:item>/retry": "officer",
    "PUT /api/v1/personas/<persona>/identity-document": "registrar",
    "DELETE /api/v1/personas/<persona>/identity-document": "registrar",
    "GET /api/v1/receivers": "reader officer",
    "GET /api/v1/receivers/<receiver>/catalogue": "reader officer",
    "GET /api/v1/reconciliations": "reader officer auditor",
    "GET /api/v1/reconciliations/<int:reconciliation>/differences": "reader officer auditor",
    "GET /api/v1/webhooks": "",
    "POST /api/v1/webhooks": "",
    "GET /api/v1/webhooks/<webhook>": "",
    "DELETE /api/v1/webhooks/<webhook>": "",
    "POST /api/v1/webhooks/<webhook>/secret": "",
    "GET /api/v1/sources": "",
    "POST /api/v1/sources": "",
    "GET /api/v1/sources/<key>": "",
    "PATCH /api/v1/sources/<key>": "",
    "POST /api/v1/sources/<key>/rotate": "",
    "POST /api/v1/sources/<key>/revoke": "",
    "GET /api/v1/clients": "",
    "POST /api/v1/clients": "",
    "GET /api/v1/clients/<client>": "",
    "PATCH /api/v1/clients/<client>": "",
    "POST /api/v1/clients/<client>/secret": "",
    "POST /api/v1/clients/<client>/revoke": "",
    "GET /api/v1/people": "",
    "POST /api/v1/people": "",
    "GET /api/v1/people/<person>": "",
    "PATCH /api/v1/people/<person>": "",
    "POST /api/v1/people/<person>/reset": "",
    # xAPI
    "GET /xapi/about": OPEN,
    "GET /xapi/statements": Scopes("statements/read statements/read/mine all/read"),
    "POST /xapi/statements": Scopes("statements/write"),
    "PUT /xapi/statements": Scopes("statements/write"),
    "GET /xapi/activities": Scopes("statements/read statements/read/mine define all/read"),
    "GET /xapi/agents": Scopes("statements/read profile all/read"),
    **{
        f"{method} /xapi/{resource}": Scopes(f"{scope} all/read" if method == "GET" else scope)
        for method in ("GET", "PUT", "POST", "DELETE")
        for resource, scope in (
            ("activities/state", "state"),
            ("activities/profile", "profile"),
            ("agents/profile", "profile"),
        )
    },
}
