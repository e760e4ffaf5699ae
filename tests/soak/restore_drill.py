"""The drill of docs/operations.md on a data set of any size, timed.

`python -m tests.soak.restore_drill COUNT [FOLDER]` fills a store, backs it up with the commands of
the operator, restores it, and compares the SHA-256 over all rows of every table.
"""

import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from lrs.auth.secrets import RootSecret
from lrs.store.sqlite.store import SqliteStore
from tests.bench.dataset import fill
from tests.unit.ledgers import LedgerAtWork

MORE = 1000
"""Facts that the ledger takes in between the first backup and the second."""


def table_hashes(data):
    """The SHA-256 over the rows of each table in a data folder, but for those that a command that
    opens it or tells of a backup or a restore writes to.
    """
    store = SqliteStore(data / "lrs.db")
    connection = store.database.read()
    names = connection.execute(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' "
        "AND name NOT IN ('audit_event', 'setting', 'health_mark') ORDER BY name"
    )
    hashes = {}
    for (name,) in names.fetchall():
        digest = hashlib.sha256()
        for row in connection.execute(f"SELECT * FROM {name}"):
            digest.update(repr(row).encode())
        hashes[name] = digest.hexdigest()
    store.close()
    return hashes


def lrs(*arguments):
    """Run a command of the operator; return the seconds that it took and what it said."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("LRS_")}
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "lrs", *map(str, arguments)],
        check=False,
        capture_output=True,
        text=True,
        env=environment,
    )
    if done.returncode:
        raise RuntimeError(f"lrs {arguments[0]} exited with {done.returncode}: {done.stderr}")
    return round(time.monotonic() - began, 1), done.stdout


def run(folder, count):
    """Fill, back up, go on, back up again, check and restore; return the figures."""
    data, backups, restored = (folder / name for name in ("data", "backups", "restored"))
    data.mkdir()
    secret = RootSecret.load(data)
    began = time.monotonic()
    store = fill(data, count)
    filled = time.monotonic() - began
    ledger = LedgerAtWork.with_secret(store, secret)
    ledger.grow(count // 100)
    figures = {"statements": count, "filling": round(filled, 1)}
    figures["first_backup"], _ = lrs("backup", backups, f"--data={data}")
    ledger.grow(MORE)
    promised = folder / "checkpoint"
    promised.write_text(store.ledger.checkpoint().note)
    store.close()
    figures["second_backup"], figures["said"] = lrs("backup", backups, f"--data={data}")
    figures["store_octets"] = (data / "lrs.db").stat().st_size
    figures["backup_octets"] = sum(
        path.stat().st_size for path in backups.rglob("*") if path.is_file()
    )
    figures["check"], _ = lrs("restore", backups, "--check")
    figures["restore"], _ = lrs(
        "restore",
        backups,
        f"--data={restored}",
        f"--promised={promised}",
        f"--secret={data / 'secret.key'}",
    )
    before, after = table_hashes(data), table_hashes(restored)
    figures["tables"] = len(before)
    figures["different"] = sorted(name for name in before if before[name] != after.get(name))
    return figures


def main(arguments):
    with tempfile.TemporaryDirectory(dir=arguments[1] if arguments[1:] else None) as folder:
        figures = run(Path(folder), int(arguments[0]))
    print(json.dumps(figures, indent=1))
    return 1 if figures["different"] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
