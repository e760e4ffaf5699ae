"""Whatever is found by bitmaps is what posting lists say, on both sides of where bitmaps end."""

import json
import uuid
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lrs.store.sqlite import bitmaps, statements
from lrs.store.sqlite.bodies import Bodies
from lrs.store.sqlite.store import SqliteStore
from lrs.store.sqlite.tombstones import Tombstones
from lrs.store.statements import NewStatement, StatementQuery
from lrs.store.terms import term_of

SOURCE = 1
KEYS = ("verb:a", "verb:b", "agent:c", "activity:d", "activity:e")


def keys_of(body):
    return frozenset(json.loads(body).get("keys", ()))


def new(number, keys, refers_to=None, *, voids=False):
    body = {"id": str(uuid.UUID(int=number)), "keys": sorted(keys), "verb": {"id": "https://v"}}
    return NewStatement(
        id=uuid.UUID(int=number).bytes,
        body=json.dumps(body).encode(),
        timestamp=True,
        keys=frozenset(keys),
        refers_to=None if refers_to is None else uuid.UUID(int=refers_to).bytes,
        voids=voids,
    )


class Small:
    """A store with pieces so small that a few statements fill several."""

    def __init__(self, patch, folder, *, piece=16, step=4):
        patch.setattr(bitmaps, "PIECE", piece)
        patch.setattr(bitmaps, "STEP", step)
        patch.setattr(bitmaps, "SAMPLED", 1)
        patch.setattr(bitmaps, "SEEN", 2)
        patch.setattr(statements, "ESTIMATE_LIMIT", 2)
        self.store = SqliteStore(folder / "lrs.db")
        self.store.sources.add(
            key="lms", name="LMS", provenance="server", scopes=("all",), secret_hash=b"x"
        )
        self.statements = self.store.statements
        self.statements.adding._keys = self.statements._bitmaps._keys = keys_of
        self._tombstones = Tombstones(Bodies(self.store.database), keys_of)
        self.count = 0

    def add(self, batch):
        made = []
        for keys, back, voids in batch:
            self.count += 1
            made.append(new(self.count, keys, self._target(back), voids=voids and back is not None))
        self.statements.add(SOURCE, made)

    def _target(self, back):
        """Some time before or, where that is negative, some time after the newest."""
        return None if back is None else max(1, self.count - back)

    def bury(self, back):
        seq = max(1, self.count - back)
        found = self.statements.following(seq - 1, 1)
        if found and b"keys" in found[0].body:
            self.store.database.write(
                lambda tx: self._tombstones.bury(tx, seq, found[0].body, "nobody")
            )

    def index(self):
        while self.statements.index():
            pass

    def posted(self):
        """The terms of each statement that is not voided, as the posting lists say."""
        read = self.store.database.read()
        found = {row[0]: set() for row in read.execute("SELECT seq FROM statement WHERE voided=0")}
        for seq, term in read.execute("SELECT seq, term FROM posting"):
            if seq in found:
                found[seq].add(term)
        return found

    def bits(self):
        """The terms of each statement as bitmaps say."""
        rows = self.store.database.read().execute("SELECT piece, term, bits FROM posting_bitmap")
        return {
            (piece * bitmaps.PIECE + place, term)
            for piece, term, bits in rows
            for place in bitmaps.BitMap.deserialize(bits)
        }


keys = st.sets(st.sampled_from(KEYS), min_size=1)
batches = st.lists(
    st.tuples(keys, st.one_of(st.none(), st.none(), st.none(), st.integers(-5, 30)), st.booleans()),
    min_size=1,
    max_size=24,
)
steps = st.lists(
    st.one_of(
        batches.map(lambda batch: ("add", batch)),
        st.just(("index", None)),
        st.integers(0, 40).map(lambda back: ("bury", back)),
    ),
    min_size=4,
    max_size=12,
)
queries = st.lists(
    st.builds(
        StatementQuery,
        keys=st.lists(st.sampled_from((*KEYS, f"source:{SOURCE}")), min_size=2, max_size=4).map(
            tuple
        ),
        since=st.one_of(st.none(), st.integers(0, 120)),
        until=st.one_of(st.none(), st.integers(0, 120)),
        ascending=st.booleans(),
        after=st.one_of(st.none(), st.integers(1, 120)),
        limit=st.integers(1, 20),
    ),
    min_size=8,
    max_size=16,
)


def expected(posted, query, since, until):
    wanted = {term_of(key) for key in query.keys}
    found = [seq for seq in sorted(posted) if wanted <= posted[seq]]
    if not query.ascending:
        found.reverse()
    if query.after is not None:
        found = [
            seq for seq in found if (seq > query.after if query.ascending else seq < query.after)
        ]
    return [seq for seq in found if since < seq <= until][: query.limit]


@given(steps=steps, queries=queries)
@settings(max_examples=40, deadline=None)
def test_find_gives_what_a_naive_filter_gives(steps, queries):
    with pytest.MonkeyPatch.context() as patch, TemporaryDirectory() as folder:
        small = Small(patch, Path(folder))
        for name, value in steps:
            getattr(small, name)(*([] if value is None else [value]))
        posted = small.posted()
        for query in queries:
            instants = {}
            places = {"since": 0, "until": small.count}
            for bound in ("since", "until"):
                place = getattr(query, bound)
                if place is not None and small.count:
                    at = small.statements.following(min(place, small.count - 1), 1)[0].stored
                    instants[bound] = at
                    places[bound] = small.statements.last_through(at)
            asked = StatementQuery(
                keys=query.keys,
                ascending=query.ascending,
                after=query.after,
                limit=query.limit,
                **instants,
            )
            found = [one.seq for one in small.statements.find(asked)]
            assert found == expected(posted, query, **places)
        small.store.close()


@given(steps=steps)
@settings(max_examples=25, deadline=None)
def test_no_bitmap_says_what_no_posting_list_says(steps):
    with pytest.MonkeyPatch.context() as patch, TemporaryDirectory() as folder:
        small = Small(patch, Path(folder))
        for name, value in [*steps, ("index", None)]:
            getattr(small, name)(*([] if value is None else [value]))
        read = small.store.database.read()
        lists = set(read.execute("SELECT seq, term FROM posting").fetchall())
        pieces = set(read.execute("SELECT piece, term FROM posting_bitmap").fetchall())
        (through,) = read.execute("SELECT through FROM posting_bitmaps_made").fetchone()
        assert through // bitmaps.STEP == (small.count + 1) // bitmaps.STEP - 1
        assert small.bits() == {
            (seq, term)
            for seq, term in lists
            if seq <= through and (seq // bitmaps.PIECE, term) in pieces
        }
        small.store.close()


def test_long_lists_are_met_by_bitmaps_and_short_ones_walked(tmp_path, monkeypatch):
    small = Small(monkeypatch, tmp_path)
    often, seldom, everywhere = "verb:a", "agent:c", "activity:d"
    small.add([({everywhere, often if n % 3 else seldom}, None, False) for n in range(1, 70)])
    small.add([({everywhere, seldom}, None, False)] * 6)
    small.index()
    read = small.store.database.read()
    terms = [term_of(often), term_of(everywhere)]
    down = [
        seq for one in bitmaps.meetings(read, terms, 3, 70, ascending=False) for seq in one.seqs
    ]
    ranges = list(bitmaps.meetings(read, terms, 3, 70, ascending=True))
    assert down == [n for n in range(69, 2, -1) if n % 3]
    assert [(one.low, one.high) for one in ranges] == [
        (3, 15), (16, 31), (32, 47), (48, 63), (64, 70),
    ]  # fmt: skip
    assert [seq for one in ranges for seq in one.seqs] == down[::-1]
    # Where a term has no bitmap its list is short, and drives.
    read.execute("PRAGMA query_only = OFF")
    read.execute(
        "DELETE FROM posting_bitmap WHERE piece IN (1, 2) AND term = ?", (term_of(everywhere),)
    )
    walked = [one for one in bitmaps.meetings(read, terms, 3, 77, ascending=True) if not one.seqs]
    assert [(one.low, one.high, one.terms) for one in walked] == [
        (16, 47, terms[::-1]),
        (76, 77, terms),
    ]
    small.store.close()


def test_a_term_of_nobody_any_more_has_no_bitmap(tmp_path, monkeypatch):
    small = Small(monkeypatch, tmp_path)
    small.add([({"agent:c", "verb:a"}, None, False)] * 3 + [({"verb:a"}, None, False)] * 9)
    small.index()
    term = term_of("agent:c")
    assert {seq for seq, one in small.bits() if one == term} == {1, 2, 3}
    for back in (11, 10, 9):
        small.bury(back)
    count = small.store.database.read().execute(
        "SELECT count(*) FROM posting_bitmap WHERE term = ?", (term,)
    )
    assert count.fetchone() == (0,)
    small.store.close()
