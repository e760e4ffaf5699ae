"""Many processes write to one store and others read it in order, all at once.

`python -m tests.faults.many_writers 300 [mongodb://…/NAME]` prints the figures that
docs/reliability.md shows; without an address, a MongoDB wire server is started. The test in this
folder runs it for seconds, on every store.

Each writer posts batches of statements of its own, of statements that all writers post, and now
and then what it posted before. Each reader follows the statements in order, and notes what it saw
after each watermark: nothing stored up to it may appear later.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lrs.lifeline import bound_to_this_process, exit_with_parent
from lrs.settings import Settings
from lrs.store.opening import open_store
from lrs.store.statements import NewStatement
from lrs.store.store import Store
from tests.mongo_server import mongo_server

WRITERS, READERS = 8, 4
SHARED_EVERY = 10
"""One statement in so many is one that every writer posts."""


@dataclass(frozen=True)
class Outcome:
    """What came of a run; `acknowledged` counts what the writers were told is stored, each
    statement once, `seen` what each reader saw.
    """

    acknowledged: int
    repeated: int
    seconds: float
    lost: int
    doubled: int
    disagreeing: int
    late: int
    errors: tuple[str, ...]

    @property
    def clean(self) -> bool:
        """Whether nothing went wrong."""
        return not (self.lost or self.doubled or self.disagreeing or self.late or self.errors)


@contextlib.contextmanager
def opened(place: str) -> Iterator[Store]:
    """Open a store by its folder, or by its address in MongoDB."""
    mongo = place if place.startswith("mongodb:") else None
    folder = Path(tempfile.gettempdir()) / "many-writers" if mongo else Path(place)
    store = open_store(Settings(data=folder, public_url="http://lrs.example", mongo=mongo))
    try:
        yield store
    finally:
        store.close()


def new(number: int, *keys: str) -> NewStatement:
    """Return the statement with a number, the same whoever makes it."""
    return NewStatement(
        id=uuid.UUID(int=number).bytes,
        body=json.dumps({"id": str(uuid.UUID(int=number)), "n": number}).encode(),
        timestamp=True,
        keys=frozenset({"verb:v", *keys}),
    )


def write(store: Store, writer: int, until: float, output: Path) -> None:
    """Post until the time is up; write a line for each statement that was acknowledged."""
    chance = random.Random(writer)
    mine, shared, before = writer << 64, 1 << 80, [new(writer << 64, f"agent:{writer}")]
    repeated = 0
    with output.open("w") as lines:
        while time.time() < until:
            batch = []
            for _ in range(chance.randrange(1, 20)):
                if chance.randrange(SHARED_EVERY) == 0:
                    shared += 1
                    batch.append(new(shared))
                else:
                    mine += 1
                    batch.append(new(mine, f"agent:{writer}"))
            if chance.randrange(20) == 0:
                batch += [one for one in before if one not in batch]
            added = store.statements.add(1, batch)
            repeated += len(batch) - added
            before = batch
            lines.writelines(f"{one.id.hex()}\n" for one in batch)
    print(repeated)


def read(store: Store, until: float, output: Path) -> None:
    """Follow the statements until nothing comes after the time; write a line for each."""
    late, seq, settled = 0, 0, 0
    with output.open("w") as lines:
        quiet = 0
        while quiet < 20:
            through = store.statements.consistent_through()
            seen = 0
            while page := store.statements.following(seq, 500):
                for one in page:
                    late += one.stored <= settled
                    lines.write(f"{one.id.hex()}\n")
                assert [one.seq for one in page] == sorted({one.seq for one in page})
                assert page[0].seq > seq
                seq, seen = page[-1].seq, seen + len(page)
            settled = through
            quiet = quiet + 1 if time.time() > until and not seen else 0
            time.sleep(0.05)
    print(late)


def run(place: str, seconds: float, writers: int = WRITERS, readers: int = READERS) -> Outcome:
    """Let them all loose for a time, and compare what they say."""
    with opened(place) as store:
        store.sources.add(
            key="load", name="Load", provenance="server", scopes=("all",), secret_hash=None
        )
    with tempfile.TemporaryDirectory() as folder:
        roles = [("write", number) for number in range(1, writers + 1)]
        roles += [("read", number) for number in range(1, readers + 1)]
        outputs = {role: Path(folder) / f"{role[0]}{role[1]}" for role in roles}
        children = {
            role: subprocess.Popen(
                [sys.executable, "-m", "tests.faults.many_writers", "--as", role[0], place]  # noqa: RUF005
                + [str(role[1]), str(outputs[role])],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                env={**os.environ, **bound_to_this_process()},
            )
            for role in roles
        }
        for child in children.values():
            assert child.stdout is not None
            assert child.stdout.readline() == "ready\n"
        began = time.time()
        for child in children.values():
            assert child.stdin is not None
            child.stdin.write(f"{began + seconds}\n")
            child.stdin.flush()
        said, errors = {}, []
        for role, child in children.items():
            output, complaint = child.communicate()
            said[role] = int(output.strip() or 0)
            if child.returncode:
                errors.append(f"{role}: {complaint[-800:]}")
        lines = {role: outputs[role].read_text().split() for role in roles}
    acknowledged = {one for role in roles if role[0] == "write" for one in lines[role]}
    orders = [lines[role] for role in roles if role[0] == "read"]
    return Outcome(
        acknowledged=len(acknowledged),
        repeated=sum(said[role] for role in roles if role[0] == "write"),
        seconds=time.time() - began,
        lost=sum(len(acknowledged - set(order)) for order in orders),
        doubled=sum(len(order) - len(set(order)) for order in orders),
        disagreeing=sum(order != orders[0] for order in orders),
        late=sum(said[role] for role in roles if role[0] == "read"),
        errors=tuple(errors),
    )


def main() -> None:
    """Play a role, or run it all and print what came of it."""
    if sys.argv[1] == "--as":
        exit_with_parent()
        role, place, number, output = sys.argv[2:]
        with opened(place) as store:
            print("ready", flush=True)
            until = float(sys.stdin.readline())
            if role == "write":
                write(store, int(number), until, Path(output))
            else:
                read(store, until, Path(output))
        return
    seconds = float(sys.argv[1])
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        if len(sys.argv) > 2:
            place = sys.argv[2]
        else:
            place = stack.enter_context(mongo_server(Path(folder))) + "lrs"
        outcome = run(place, seconds)
    print(outcome)
    sys.exit(not outcome.clean)


if __name__ == "__main__":
    main()
