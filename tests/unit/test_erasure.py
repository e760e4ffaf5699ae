"""A person is erased: nothing of theirs is left, the credit still counts, the ledger verifies."""

import json
import os
import time

import pytest

from lrs.app import create_app
from lrs.dossier.opened import Trusted
from lrs.dossier.verify import verify_dossier
from lrs.erasure import erase
from lrs.ledger.monitor import watch
from lrs.settings import Settings
from lrs.store.erasure import NotErasable
from lrs.store.errors import StoreError
from lrs.store.imports import TakenRow
from lrs.store.sqlite import bodies, repacking
from lrs.store.statements import NewStatement
from schemas.imports import Counts, Import, ImportRow
from tests.unit.dossiers import AcceptedClaim
from tests.unit.test_statement_rules import with_
from tests.unit.xapi_service import attachment

PERSONAL = ("李娜", "li.na@example.edu.cn")
CERTIFICATE = b"%PDF-1.7 Li Na's certificate"


@pytest.fixture
def accepted(tmp_path):
    app = create_app(Settings(data=tmp_path / "lrs", public_url="https://lrs.example"))
    accepted = AcceptedClaim(app, signed=True, certificate=CERTIFICATE)
    yield accepted
    accepted.service.close()


def persona_of(accepted):
    return accepted.achievement.persona


def fetch_of(accepted):
    client = accepted.app.test_client()
    return lambda path: client.get(f"/ledger/{path}").data


def test_nothing_personal_is_left_and_the_credit_still_counts(accepted, tmp_path):
    agent = json.dumps({"mbox": "mailto:li.na@example.edu.cn"})
    accepted.client(
        "PUT", "activities/state", query={"activityId": "https://a.example/1", "agent": agent,
        "stateId": "s"}, json={"name": "李娜"},
    )  # fmt: skip
    seen = watch(fetch_of(accepted), None)
    old = persona_of(accepted)
    read = accepted.store.database.read()
    (packed,) = read.execute("SELECT body FROM statement WHERE seq = 1").fetchone()
    erased = erase(accepted.store, old, "person:root", "asked to, by letter")
    accepted.work()
    assert (erased.statements, erased.documents, erased.achievements, erased.claims) == (1, 1, 1, 1)
    (new,) = erased.personas.values()
    # The credit counts, of nobody.
    ((_, achievement),) = accepted.store.achievements.page(None, 2)
    assert (achievement.persona, achievement.state, achievement.unit) == (new, "verified", "OUC-1")
    assert accepted.store.exchange.claim(accepted.claim).state == "accepted"
    assert accepted.store.records.persona(old) is None
    # The statement keeps its place and id, and says nothing.
    stored = accepted.store.statements.following(0, 5)[0]
    assert stored.seq == 1
    tombstone = json.loads(stored.body)
    assert tombstone["id"] == accepted.statement
    assert tombstone["verb"]["id"] == "https://erased.invalid/erased"
    assert not [path for path in (tmp_path / "lrs/attachments").rglob("*") if path.is_file()]
    # The chain goes on from what was signed before.
    later = watch(fetch_of(accepted), seen)
    assert later.size > seen.size
    event = accepted.store.audit.page(None, 1)[0]
    assert (event.act.action, event.act.reason) == ("persona.erase", "asked to, by letter")
    assert old not in str(event)
    # Not in the file either, once the log of writes is in it.
    accepted.service.close()
    for path in (tmp_path / "lrs").rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert old.encode() not in content, path
            assert packed not in content, path
            for text in PERSONAL:
                assert text.encode() not in content, (path, text)


def test_a_later_dossier_says_when_it_was_erased_and_still_verifies(accepted, tmp_path):
    before = accepted.dossier(tmp_path / "before.zip")
    erase(accepted.store, persona_of(accepted), "person:root", "asked to")
    accepted.work()
    verdict = verify_dossier(accepted.dossier(tmp_path / "after.zip"), Trusted())
    told = "\n".join(verdict.texts("en"))
    assert verdict.exit_code == 3, told
    assert "erased on 20" in told
    assert "verified (achievement), in the log; what it held was erased" in told
    assert "已于" in "\n".join(verdict.texts("zh-CN"))
    assert verify_dossier(before, Trusted()).exit_code == 0  # whoever holds one still can check it


def test_others_are_left_alone(accepted):
    other = with_("actor.mbox", "mailto:wang@example.edu.cn")
    other["context"] = {"instructor": {"mbox": "mailto:li.na@example.edu.cn"}}
    (kept,) = accepted.client.post_statements([other])
    accepted.work()
    erased = erase(accepted.store, persona_of(accepted), "person:root", "asked to")
    assert (erased.statements, erased.mentions) == (1, 1)
    assert accepted.client.statement(kept)["actor"]["mbox"] == "mailto:wang@example.edu.cn"
    accepted.work()
    assert len(accepted.store.records.personas(None, 10)) == 1


def test_attachments_that_others_have_are_kept(accepted, tmp_path):
    other = with_("actor.mbox", "mailto:wang@example.edu.cn")
    other["attachments"] = [attachment(CERTIFICATE)]
    assert accepted.client.post_parts([other], [CERTIFICATE]).status_code == 200
    erase(accepted.store, persona_of(accepted), "person:root", "asked to")
    assert accepted.store.attachments.has(other["attachments"][0]["sha2"])


def test_the_person_is_not_found_any_more_and_may_come_anew(accepted):
    erase(accepted.store, persona_of(accepted), "person:root", "asked to")
    agent = json.dumps({"mbox": "mailto:li.na@example.edu.cn"})
    found = accepted.client("GET", "statements", query={"agent": agent}).json
    assert found["statements"] == []
    again = with_("verb.id", "http://adlnet.gov/expapi/verbs/passed")
    again["result"] = {"success": True, "score": {"scaled": 0.9}}
    accepted.client.post_statements([again])
    accepted.work()
    assert len(accepted.store.achievements.page(None, 5)) == 2


def test_what_cannot_be_erased(accepted):
    with pytest.raises(NotErasable, match="no persona"):
        erase(accepted.store, "nobody", "person:root", "x")


def test_not_while_a_claim_is_on_its_way(tmp_path):
    app = create_app(Settings(data=tmp_path / "lrs", public_url="https://lrs.example"))
    accepted = AcceptedClaim(app, answered=False)
    accepted.store.outbox.lease(1, 30)
    with pytest.raises(NotErasable, match="on its way"):
        erase(accepted.store, persona_of(accepted), "person:root", "x")
    assert accepted.store.records.persona(persona_of(accepted)) is not None
    accepted.service.close()


def row(number, cells, state="quarantined"):
    return TakenRow(ImportRow(number=number, state=state, cells=cells), counts=Counts(rows=1))


def an_import(**more):
    return Import(
        id="i1",
        name="sheet.csv",
        sha256="0" * 64,
        kind="attendance",
        by="person:1",
        source="import",
        created=0,
        changed=0,
        **more,
    )


def test_rows_that_name_the_person_are_forgotten_though_nothing_came_of_them(accepted):
    imports = accepted.store.imports
    imports.add(an_import())
    by_mail = {"邮箱": "li.na@example.edu.cn", "日期": "soon"}
    whole = {"statement": json.dumps({"actor": {"mbox": "mailto:li.na@example.edu.cn"}})}
    others = {"邮箱": "wang@example.edu.cn", "姓名": "李娜丽"}
    rows = [
        row(1, by_mail),
        row(2, whole),
        row(3, {"姓名": "李娜"}),
        row(4, others),
        row(5, by_mail, "duplicate"),
    ]
    imports.advance("i1", 0, 1, rows)
    erased = erase(accepted.store, persona_of(accepted), "person:root", "asked to")
    assert erased.import_rows == 4
    left = {one.number: (one.state, one.cells) for one in imports.rows("i1", 0, 10)}
    assert left == {
        1: ("discarded", {}),
        2: ("discarded", {}),
        3: ("discarded", {}),
        4: ("quarantined", others),
        5: ("duplicate", {}),
    }


def test_a_name_that_others_bear_tells_nobody(accepted):
    accepted.client.post_statements([with_("actor", {"mbox": "mailto:x@y.cn", "name": "李娜"})])
    accepted.work()
    accepted.store.imports.add(an_import())
    accepted.store.imports.advance("i1", 0, 1, [row(1, {"姓名": "李娜"})])
    erased = erase(accepted.store, persona_of(accepted), "person:root", "asked to")
    assert erased.import_rows == 0


def test_not_while_a_file_waits_that_may_name_the_person(accepted):
    accepted.store.imports.add(an_import(held=True))
    with pytest.raises(NotErasable, match="under way"):
        erase(accepted.store, persona_of(accepted), "person:root", "x")
    accepted.store.imports.finish("i1", "failed")
    erase(accepted.store, persona_of(accepted), "person:root", "x")


def test_files_that_a_killed_process_left_behind_are_removed(accepted, tmp_path):
    folder = tmp_path / "lrs" / "imports"
    old, new = folder / "gone.csv", folder / "just-now.csv"
    for path in (old, new):
        path.write_text("李娜")
    os.utime(old, (0, 0))
    erase(accepted.store, persona_of(accepted), "person:root", "asked to")
    assert [old.exists(), new.exists()] == [False, True]


def test_dictionaries_forget_too(accepted, tmp_path, monkeypatch):
    monkeypatch.setattr(repacking, "STILL_USED", 0)
    store, fragment = accepted.store, "the very own words of Li Na, said over and over again "
    said = with_("actor.mbox", "mailto:li.na@example.edu.cn")
    said["result"] = {"response": fragment * 3}
    others = [with_("actor.mbox", f"mailto:{number}@example.edu.cn") for number in range(1500)]
    for begin in range(0, 1500, 250):
        accepted.client.post_statements([*others[begin : begin + 250], *([said] * 30)])
    accepted.work()
    kept = store.statements.retrain()
    time.sleep(bodies.LOOK_AGAIN)
    accepted.client.post_statements(others[:300])
    read = store.database.read()
    (content,) = read.execute("SELECT content FROM dictionary WHERE id = ?", (kept,)).fetchone()
    assert fragment[:20].encode() in content
    before = {one.seq: one.body for one in store.statements.following(0, 5000) if not one.voided}
    erase(store, persona_of(accepted), "person:root", "asked to")
    while store.statements.repack(200):
        pass
    after = {one.seq: one.body for one in store.statements.following(0, 5000) if not one.voided}
    assert after == {seq: body for seq, body in before.items() if seq in after}
    assert len(before) - len(after) == 181
    accepted.client.post_statements(others[:2])
    accepted.service.close()
    for path in (tmp_path / "lrs").glob("lrs.db*"):
        assert fragment[:20].encode() not in path.read_bytes(), path


def test_what_was_packed_long_ago_with_an_emptied_dictionary_is_refused(accepted, monkeypatch):
    monkeypatch.setattr(repacking, "STILL_USED", 0)
    store = accepted.store
    accepted.client.post_statements(
        [with_("actor.mbox", f"mailto:{number}@example.edu.cn") for number in range(1500)]
    )
    store.statements.retrain()
    late = NewStatement(id=bytes(16), body=b'{"a":1}', timestamp=True, keys=frozenset())
    prepared = store.statements.adding.prepare(1, [late])
    accepted.work()
    erase(store, persona_of(accepted), "person:root", "asked to")
    while store.statements.repack(200):
        pass
    with pytest.raises(StoreError, match="emptied"):
        store.database.write(lambda tx: store.statements.adding.add(tx, 1, prepared))
