"""What judges and what decides, over a store: made anew for each request, so that it is of now."""

from __future__ import annotations

from lrs.achievements.catalogue import catalogue_of
from lrs.achievements.judge import Judge
from lrs.achievements.officers import Officers
from lrs.achievements.what_if import WhatIf
from lrs.store.store import Store
from schemas.units import Unit


def judge_of(store: Store) -> Judge:
    """Return the judge of personas by all that is published now."""
    return Judge(
        catalogue=catalogue_of(store.units.all(), store.equivalences.all()),
        achievements=store.achievements,
        records=store.records,
        statements=store.statements,
        sources=store.sources.all(),
    )


def officers_of(store: Store) -> Officers:
    """Return what takes officers' decisions."""
    return Officers(
        units=store.units,
        equivalences=store.equivalences,
        achievements=store.achievements,
        records=store.records,
        statements=store.statements,
        sources=store.sources.all(),
        imports=store.imports,
        receivers=store.exchange.receivers().values(),
    )


def what_if_of(store: Store, draft: Unit) -> WhatIf:
    """Return what tells what a draft would change."""
    return WhatIf(draft, judge_of(store), store.achievements, store.records)
