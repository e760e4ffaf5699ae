"""Drawing a sample of the claims of an engagement, so that anybody can draw it again."""

from __future__ import annotations

import base64

import msgspec

from lrs.audits.looking import engagement_of
from lrs.audits.sampling import sample
from lrs.ledger.merkle import ProofError
from lrs.ledger.proofs import Proofs
from lrs.ledger.routes import newest
from lrs.problems import Problem
from lrs.service import Service
from schemas.audit import Act
from schemas.principals import Principal
from schemas.texts import Text, text_of


class Drawn(msgspec.Struct, frozen=True, kw_only=True):
    """A sample: what was asked, the size and root (base64) of the ledger that it was drawn from,
    how many claims there were, and those drawn.
    """

    engagement: str
    seed: str
    unit: str | None
    as_of: int
    root: str
    population: int
    claims: list[str]


def draw(
    service: Service,
    principal: Principal,
    engagement: str,
    *,
    size: int,
    seed: str,
    unit: str | None,
    as_of: int | None,
) -> Drawn:
    """Draw `size` of the claims within the scope, noted in the audit log. Raises Problem."""
    known = engagement_of(service.store, principal, engagement)
    if unit is not None and known.units and unit not in known.units:
        raise Problem(403, "This unit is outside of the engagement's.")
    leaves = as_of or newest(service).size
    try:
        root = Proofs(service.store.ledger).root(leaves)
    except ProofError as error:
        raise Problem(
            404, Text("The ledger was never so large: %(error)s.", error=text_of(error))
        ) from error
    population = service.store.engagements.population(known, unit, leaves)
    claims, count = sample(population, size, seed)
    service.store.audit.note(
        Act(
            principal=principal.id,
            action="sample.draw",
            subject=engagement,
            reason=known.purpose,
            detail={"seed": seed, "size": size, "as_of": leaves, "unit": unit},
        )
    )
    return Drawn(
        engagement=engagement,
        seed=seed,
        unit=unit,
        as_of=leaves,
        root=base64.b64encode(root).decode(),
        population=count,
        claims=list(claims),
    )
