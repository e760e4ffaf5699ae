"""Records are not moved but made anew from the statements, and compared with what they were."""

from __future__ import annotations

from adapters.inbound import inbound_adapters
from lrs.achievements.catalogue import units_by_activity
from lrs.records.projector import Projector
from lrs.records.rebuild import rebuild
from lrs.store.copies import Progress
from lrs.store.records import RecordKey
from lrs.store.store import Store

PAGE = 500


def finish_records(store: Store) -> None:
    """Bring the records of a store that nobody uses up to its last statement."""
    projector = Projector(
        store.statements,
        store.projections,
        store.courses,
        store.sources.all,
        inbound_adapters(),
        units_of=lambda: units_by_activity(store.units.all()),
    )
    while projector.step():
        pass


def make_records(store: Store, progress: Progress) -> None:
    """Make all records of a store from its statements.

    They serve all at once when they are whole: nobody is evaluated by half of them.
    """
    last = store.statements.last_seq()
    rebuild(
        store,
        inbound_adapters(),
        lambda: units_by_activity(store.units.all()),
        lambda reached: progress(reached, last),
    )


def records_differ(store: Store, target: Store) -> bool:
    """Tell whether any record is not the same in both stores; reads all, a page at a time."""
    after: RecordKey | None = None
    while True:
        page = store.records.records(after, PAGE)
        if page != target.records.records(after, PAGE):
            return True
        if not page:
            return False
        persona, last = page[-1]
        after = RecordKey(persona, last.activity, last.registration or "")
