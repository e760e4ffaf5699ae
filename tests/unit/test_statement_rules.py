import json

import pytest

from schemas.xapi import StatementError, decode_statements, negotiate, same_statement
from schemas.xapi.errors import VersionError
from schemas.xapi.syntax import in_utc

ID = "7b0d62f0-3c33-4e49-8f2b-0a1d9b2c4e5f"
GOOD = {
    "actor": {"mbox": "mailto:li.na@example.edu.cn", "name": "李娜"},
    "verb": {"id": "http://adlnet.gov/expapi/verbs/completed", "display": {"zh-CN": "完成"}},
    "object": {"id": "https://lms.example.edu.cn/course/view.php?id=101"},
}


def with_(path, value, statement=GOOD):
    changed = json.loads(json.dumps(statement))
    place = changed
    *way, last = path.split(".")
    for step in way:
        place = place.setdefault(step, {})
    if value is None:
        del place[last]
    else:
        place[last] = value
    return changed


def refused(statement, version="2.0.0"):
    with pytest.raises(StatementError) as caught:
        decode_statements(json.dumps(statement).encode(), version)
    return caught.value


@pytest.mark.parametrize("version", ["1.0.3", "2.0.0"])
@pytest.mark.parametrize(
    ("path", "value", "at"),
    [
        ("actor.openid", "https://me.example", "$.actor"),
        ("actor.mbox", "li.na@example.edu.cn", "$.actor.mbox"),
        ("actor", None, "$.actor"),
        ("actor.mbox", None, "$.actor"),
        ("actor.objectType", "Robot", "$.actor.objectType"),
        ("actor.shoe", 43, "$.actor.shoe"),
        ("verb.id", "completed", "$.verb.id"),
        ("verb.display", {"not a tag": "x"}, "$.verb.display"),
        ("object.id", "no iri", "$.object.id"),
        ("object.objectType", "activity", "$.object.objectType"),
        ("object.mbox", "mailto:a@b.cn", "$.object.mbox"),
        ("object.definition", {"choices": [{"id": "a"}]}, "$.object.definition.interactionType"),
        (
            "object.definition",
            {"interactionType": "choice", "choices": [{"id": "a"}, {"id": "a"}]},
            "$.object.definition.choices[1].id",
        ),
        ("id", "1", "$.id"),
        ("Id", ID, "$.Id"),
        ("result.score", {"scaled": 1.5}, "$.result.score.scaled"),
        ("result.score", {"raw": 5, "max": 4}, "$.result.score.raw"),
        ("result.duration", "1 hour", "$.result.duration"),
        ("result.success", "yes", "$.result.success"),
        ("result.extensions", {"key": 1}, "$.result.extensions"),
        ("context.registration", "x", "$.context.registration"),
        ("context.team", {"mbox": "mailto:a@b.cn"}, "$.context.team.objectType"),
        ("context.language", "not a tag", "$.context.language"),
        (
            "context.contextActivities",
            {"parent": [{"id": "http://a"}, {"id": "b"}]},
            "$.context.contextActivities.parent[1].id",
        ),
        ("timestamp", "yesterday", "$.timestamp"),
        ("timestamp", "2026-02-30T00:00:00Z", "$.timestamp"),
        ("timestamp", "2026-02-20T00:00:00-00:00", "$.timestamp"),
        ("version", "3.0", "$.version"),
        ("verb.id", "http://adlnet.gov/expapi/verbs/voided", "$.object.objectType"),
        ("attachments", [{"usageType": "http://x"}], "$.attachments[0].display"),
    ],
)
def test_a_broken_rule_is_named_with_its_path(version, path, value, at):
    error = refused(with_(path, value), version)
    assert (error.index, error.path) == (0, at)
    assert error.rule


def test_two_identifiers_are_both_named():
    error = refused(with_("actor.openid", "https://me.example"))
    assert "mbox and openid" in error.rule


def test_what_only_2_0_0_knows_is_refused_from_a_1_0_3_client():
    statement = with_(
        "context.contextAgents",
        [{"objectType": "contextAgent", "agent": {"mbox": "mailto:a@b.cn"}}],
    )
    assert refused(statement, "1.0.3").path == "$.context.contextAgents"
    assert decode_statements(json.dumps(statement).encode(), "2.0.0")


def test_the_bad_one_of_a_batch_is_named_by_index():
    batch = [GOOD] * 30 + [with_("actor.openid", "https://x")] + [GOOD] * 19
    assert refused(batch).index == 30


def test_one_id_twice_in_a_batch_is_refused():
    error = refused([with_("id", ID), GOOD, with_("id", ID.upper())])
    assert (error.index, error.path) == (2, "$.id")


@pytest.mark.parametrize("depth", [65, 1000, 100_000])
@pytest.mark.parametrize("batch", [False, True])
def test_deep_nesting_is_refused_with_its_place(depth, batch):
    deep = b"[" * depth + b"]" * depth
    text = json.dumps(with_("result.extensions", {"http://x": "DEEP"})).encode()
    text = text.replace(b'"DEEP"', deep)
    body = b"[" + json.dumps(GOOD).encode() + b"," + text + b"]" if batch else text
    with pytest.raises(StatementError) as caught:
        decode_statements(body, "2.0.0")
    assert caught.value.index == (1 if batch else 0)
    assert caught.value.path.startswith("$.result.extensions.http://x[0]")
    assert "nest" in caught.value.rule


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[",
        b"nonsense",
        b'{"a": NaN}',
        b"\xff\xfe",
        b'"text"',
        b"[1]",
        b"null",
        b'["\\ud800"]',
    ],
)
def test_what_is_no_statement_is_refused_and_nothing_else_is_raised(body):
    with pytest.raises(StatementError):
        decode_statements(body, "1.0.3")


@pytest.mark.parametrize(
    ("header", "version"),
    [
        ("1.0", "1.0.3"),
        ("1.0.0", "1.0.3"),
        ("1.0.9", "1.0.3"),
        ("2.0.0", "2.0.0"),
        ("2.0", "2.0.0"),
    ],
)
def test_versions_are_negotiated(header, version):
    assert negotiate(header) == version


@pytest.mark.parametrize("header", [None, "", "1", "0.95", "1.1.0", "2.1.0", "3.0", "1.0.3\n"])
def test_other_versions_are_refused(header):
    with pytest.raises(VersionError):
        negotiate(header)


def test_real_statements_of_a_moodle_plugin_are_accepted(shared_data):
    count = 0
    for path in sorted((shared_data / "moodle").rglob("*.json")):
        for version in ("1.0.3", "2.0.0"):
            received, single = decode_statements(path.read_bytes(), version)
            assert not single
        assert [one.properties for one in received] == json.loads(path.read_bytes())
        count += len(received)
    assert count == 117


def test_statements_are_the_same_whatever_may_change():
    other = with_("actor.name", "Li Na")
    other["object"]["objectType"] = "Activity"
    other["stored"] = "2026-01-01T00:00:00Z"
    assert same_statement(GOOD, other)
    assert same_statement(
        with_("timestamp", "2026-01-01T08:00:00+08:00"), with_("timestamp", "2026-01-01T00:00:00Z")
    )
    assert same_statement(
        with_("timestamp", "2026-01-01T08:00:00"), with_("timestamp", "2026-01-01T08:00:00Z")
    )
    li_na, wang_wei = {"mbox": "mailto:li.na@example.cn"}, {"mbox": "mailto:wang.wei@example.cn"}
    assert same_statement(
        with_("actor", {"objectType": "Group", "member": [li_na, {"name": "王伟", **wang_wei}]}),
        with_("actor", {"objectType": "Group", "member": [{**wang_wei, "name": "Wang"}, li_na]}),
    )
    assert same_statement(
        with_("context.contextAgents", [{"objectType": "contextAgent", "agent": li_na}]),
        with_(
            "context.contextAgents",
            [{"objectType": "contextAgent", "agent": {**li_na, "objectType": "Agent"}}],
        ),
    )
    assert not same_statement(
        with_("context.contextAgents", [{"objectType": "contextAgent", "agent": li_na}]),
        with_("context.contextAgents", [{"objectType": "contextAgent", "agent": wang_wei}]),
    )
    assert not same_statement(GOOD, with_("object.id", "http://other"))
    assert not same_statement(GOOD, with_("result.success", True))
    assert not same_statement(
        with_("timestamp", "2026-01-01T08:00:00Z"), with_("timestamp", "2026-01-01T00:00:00Z")
    )


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2026-03-02T08:00:00Z", "2026-03-02T08:00:00Z"),
        ("2026-03-02T08:00:00.120Z", "2026-03-02T08:00:00.120Z"),
        ("2026-03-02T08:00:00+08:00", "2026-03-02T00:00:00Z"),
        ("2026-03-02T06:00:00.123456789+08:00", "2026-03-01T22:00:00.123456789Z"),
        ("2026-12-31T23:30:00-03:30", "2027-01-01T03:00:00Z"),
        ("2026-03-02T08:00:00", "2026-03-02T08:00:00Z"),
        ("20260302T080000,5+01", "2026-03-02T07:00:00.5Z"),
        ("2026-03-02t08:00:00z", "2026-03-02T08:00:00Z"),
        ("0001-01-01T00:00:00+08:00", "0001-01-01T00:00:00+08:00"),
        ("9999-12-31T23:59:59-08:00", "9999-12-31T23:59:59-08:00"),
    ],
)
def test_timestamps_are_brought_to_utc_with_their_fraction(text, utc):
    assert in_utc(text) == utc
