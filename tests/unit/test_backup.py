"""Backups: what they hold, what damages them, and what a restore must not lose unsaid."""

import hashlib
import json
import os
import shutil
import threading

import pytest
from click.testing import CliRunner

from lrs.backup import make as making
from lrs.backup import manifest as manifests
from lrs.backup.manifest import BackupError
from lrs.cli import lrs
from lrs.service import Service
from lrs.settings import Settings
from lrs.store.sqlite.store import SqliteStore
from tests.unit.ledgers import LedgerAtWork
from tests.unit.test_statement_rules import GOOD
from tests.unit.unit_service import learner
from tests.unit.xapi_service import Client, attachment

REPORT = b"%PDF a report " * 1000


class Site:
    """A service with a folder for its backups, and the commands of its operator."""

    def __init__(self, tmp_path):
        from lrs.app import create_app

        self.place, self.data, self.backups = tmp_path, tmp_path / "data", tmp_path / "backups"
        app = create_app(Settings(data=self.data, public_url="http://lrs.example"))
        self.service = app.extensions["lrs"]
        self.service.credentials.ensure("admin", "s3cret", name="Administrator")
        self.client = Client(app)
        self.ledger = LedgerAtWork.of(self.service)

    def lrs(self, *arguments):
        answer = CliRunner().invoke(lrs, [str(one) for one in arguments])
        if answer.exception is not None and not isinstance(answer.exception, SystemExit):
            raise answer.exception
        return answer

    def back_up(self, *options):
        answer = self.lrs("backup", self.backups, f"--data={self.data}", *options)
        assert answer.exit_code == 0, answer.output
        return manifests.paths(self.backups / "backups")[-1]

    def restore(self, name="restored", *options):
        answer = self.lrs("restore", self.backups, f"--data={self.place / name}", *options)
        return answer, self.place / name

    def post(self, *numbers):
        self.client.post_statements([learner(number) for number in numbers])

    def post_with_report(self):
        statement = {**GOOD, "attachments": [attachment(REPORT)]}
        assert self.client.post_parts(statement, [REPORT]).status_code == 200

    def promise(self):
        path = self.place / "checkpoint"
        path.write_text(self.service.store.ledger.checkpoint().note)
        return path


@pytest.fixture
def site(tmp_path, monkeypatch):
    monkeypatch.delenv("LRS_DATA", raising=False)
    made = Site(tmp_path)
    yield made
    made.service.close()


def content(data):
    """Everything there is in a data folder, by hash: every row of every table, every file."""
    store = SqliteStore(data / "lrs.db")
    connection = store.database.read()
    tables = [
        row[0]
        for row in connection.execute(
            "SELECT name FROM sqlite_schema WHERE type = 'table' "
            "AND name NOT IN ('health_mark', 'audit_event', 'sqlite_sequence') ORDER BY name"
        )
    ]
    found = {}
    for table in tables:
        rows = sorted(map(repr, connection.execute(f"SELECT * FROM {table}")))
        found[table] = hashlib.sha256("\n".join(rows).encode()).hexdigest()
    store.close()
    for path in sorted((data / "attachments").rglob("*")):
        if path.is_file():
            found[path.name] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found


def test_a_restore_holds_everything_and_serves(site):
    site.post(1, 2, 3)
    site.post_with_report()
    site.ledger.grow(5)
    site.back_up()
    answer, data = site.restore("restored", f"--secret={site.data / 'secret.key'}")
    assert answer.exit_code == 0, answer.output
    assert "4 statements" in answer.output
    assert content(data) == content(site.data)
    again = Service(Settings(data=data, public_url="http://lrs.example"))
    assert again.credentials.check("admin", "s3cret") is not None
    LedgerAtWork.of(again).grow(2)
    again.close()


def test_backups_are_incremental(site):
    site.post(*range(600))
    site.post_with_report()
    site.back_up()
    first = sum(path.stat().st_size for path in site.backups.rglob("*") if path.is_file())
    site.back_up()
    second = sum(path.stat().st_size for path in site.backups.rglob("*") if path.is_file())
    assert second - first < first / 2
    assert len(manifests.paths(site.backups / "backups")) == 2


def test_a_restore_to_a_point_in_time_takes_the_last_backup_before_it(site):
    site.post(1)
    first = manifests.read(site.back_up())
    site.post(2, 3)
    site.back_up()
    moment = making.manifests.moment_of(first.at).isoformat()
    answer, _ = site.restore("then", f"--at={moment}")
    assert answer.exit_code == 0, answer.output
    assert "1 statements" in answer.output
    assert "3 statements" in site.restore("now")[0].output
    too_early, _ = site.restore("never", "--at=2001-01-01T00:00:00Z")
    assert too_early.exit_code == 1
    assert "the oldest backup" in too_early.output
    assert not (site.place / "never").exists()


def test_a_copy_made_while_others_write_is_of_one_moment(site):
    stopping = threading.Event()
    posted = []

    def write():
        while not stopping.is_set():
            posted.append(len(posted))
            site.post(*range(len(posted) * 5, len(posted) * 5 + 5))

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for _ in range(3):
            site.back_up()
    finally:
        stopping.set()
        writer.join()
    for number, path in enumerate(manifests.paths(site.backups / "backups")):
        manifest = manifests.read(path)
        at = making.manifests.moment_of(manifest.at).isoformat()
        answer, data = site.restore(f"copy{number}", f"--at={at}")
        assert answer.exit_code == 0, answer.output
        store = SqliteStore(data / "lrs.db")
        read = store.database.read()
        assert read.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert read.execute("SELECT count(*) FROM statement").fetchone()[0] == manifest.statements
        assert manifest.statements % 5 == 0
        store.close()


def damage(path):
    whole = path.read_bytes()
    path.chmod(0o600)
    path.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))


@pytest.mark.parametrize("kind", ["pieces/*/*", "attachments/*/*", "backups/*.json"])
@pytest.mark.parametrize("how", ["changed", "gone"])
def test_a_damaged_backup_is_found_and_nothing_is_restored(site, kind, how):
    site.post_with_report()
    site.back_up()
    shutil.copytree(site.backups, site.place / "kept")  # breaks the links to the store's own files
    site.backups = site.place / "kept"
    path = min(site.backups.glob(kind))
    damage(path) if how == "changed" else path.unlink()
    for options in (["--check"], [f"--data={site.place / 'restored'}"]):
        answer = site.lrs("restore", site.backups, *options)
        assert answer.exit_code == 1
        assert "Error" in answer.output
    assert not (site.place / "restored").exists()


def test_a_restore_that_loses_signed_entries_says_so_and_is_not_made(site):
    site.ledger.grow(3)
    site.back_up()
    site.ledger.grow(4)
    promised = site.promise()
    answer, data = site.restore("restored", f"--promised={promised}")
    assert answer.exit_code == 3
    assert "4 signed entries of the ledger are lost" in answer.output
    assert not data.exists()
    accepted, data = site.restore("restored", f"--promised={promised}", "--accept-loss")
    assert accepted.exit_code == 3
    assert "LOSS: 4 signed entries" in accepted.output
    store = SqliteStore(data / "lrs.db")
    (event,) = store.audit.page(None, 1)
    assert event.act.action == "backup.restore"
    assert "4 signed entries" in event.act.detail["lost"]
    store.close()


def test_what_later_backups_tell_was_promised_too(site):
    site.ledger.grow(3)
    first = manifests.read(site.back_up())
    site.ledger.grow(2)
    site.back_up()
    at = making.manifests.moment_of(first.at).isoformat()
    assert site.restore("then", f"--at={at}")[0].exit_code == 3
    assert site.restore("now")[0].exit_code == 0


def test_a_restore_that_keeps_every_promise_is_quiet(site):
    site.ledger.grow(3)
    promised = site.promise()
    site.ledger.grow(300)
    site.back_up()
    answer, _ = site.restore("restored", f"--promised={promised}")
    assert answer.exit_code == 0, answer.output


def test_another_ledger_than_the_promised_one_is_never_restored(site, tmp_path):
    site.ledger.grow(3)
    site.back_up()
    (tmp_path / "other").mkdir()
    other = LedgerAtWork.alone(tmp_path / "other")
    other.grow(2)
    forged = tmp_path / "forged"
    forged.write_text(other.store.ledger.checkpoint().note)
    other.store.close()
    answer, data = site.restore("restored", f"--promised={forged}", "--accept-loss")
    assert answer.exit_code == 1
    assert "another history" in answer.output
    assert not data.exists()


def test_a_ledger_changed_in_the_store_is_not_restored(site):
    site.ledger.grow(3)
    site.service.store.database.write(
        lambda tx: tx.execute("UPDATE ledger_leaf SET entry = x'00' WHERE leaf = 1")
    )
    site.back_up()
    answer, data = site.restore()
    assert answer.exit_code == 1
    assert not data.exists()


def test_a_folder_that_is_in_use_is_left_alone(site):
    site.back_up()
    answer = site.lrs("restore", site.backups, f"--data={site.data}")
    assert answer.exit_code == 1
    assert "not empty" in answer.output


def test_the_root_secret_comes_along_only_where_it_is_asked_for(site):
    site.back_up()
    secret = (site.data / "secret.key").read_bytes()
    answer, data = site.restore("without")
    assert "root secret is not there" in answer.output
    assert not (data / "secret.key").exists()
    wrong = site.place / "wrong.key"
    wrong.write_bytes(os.urandom(32))
    assert site.restore("wrong", f"--secret={wrong}")[0].exit_code == 1
    site.back_up("--with-secret")
    answer, data = site.restore("with")
    assert (data / "secret.key").read_bytes() == secret
    assert (data / "secret.key").stat().st_mode & 0o777 == 0o600


def test_old_backups_go_with_what_only_they_needed_and_the_rest_stays_whole(site):
    site.post_with_report()
    for number in range(4):
        site.post(number)
        site.back_up()
    site.back_up("--keep=2")
    assert len(manifests.paths(site.backups / "backups")) == 2
    assert site.lrs("restore", site.backups, "--check").exit_code == 0
    assert site.restore()[0].exit_code == 0
    assert "statements" in site.lrs("backup", site.backups, "--list").output


def test_a_backup_does_not_run_beside_another_to_the_same_folder(site):
    with making._alone(making.Layout(site.backups)), pytest.raises(BackupError, match="under way"):
        making.make(site.service.store, site.data, site.service.root_secret, site.backups)


def test_a_manifest_cannot_lead_out_of_the_data_folder(site):
    path = site.back_up()
    forged = json.loads(path.read_text())
    for name in ("../evil", "/etc/evil", "imports/../../evil"):
        forged["files"][0]["name"] = name
        whole = json.dumps(forged).encode()
        path.unlink()
        path = path.with_name(f"{path.name[:23]}-{hashlib.sha256(whole).hexdigest()}.json")
        path.write_bytes(whole)
        answer, data = site.restore()
        assert answer.exit_code == 1
        assert not data.exists()
