"""What holds for all statements: they come back equal, and one broken rule is named."""

import json
import re
import threading
import uuid
from datetime import datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas.xapi import StatementError, decode_statements
from tests.unit.test_statement_rules import GOOD, with_
from tests.unit.xapi_service import V1, V2, service_client

words = st.text(min_size=1, max_size=12)
iris = st.builds("https://{}.example/{}".format, st.sampled_from("abc"), st.integers(0, 99))
tags = st.sampled_from(["en", "en-GB", "zh-CN", "zh-Hant-TW", "sr-Latn", "x-klingon"])
maps = st.dictionaries(tags, words, max_size=3)
uuids = st.uuids().map(str)
plain = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=5,
)
extensions = st.dictionaries(iris, plain, max_size=2)
timestamps = st.builds(
    "20{:02}-0{}-1{}T0{}:30:00{}{}".format,
    *(st.integers(1, 9) for _ in range(4)),
    st.sampled_from(["", ".1", ".123456789"]),
    st.sampled_from(["Z", "+08:00", "-03:30"]),
)


def obj(required=None, **optional):
    return st.fixed_dictionaries(required or {}, optional=optional)


identifiers = st.one_of(
    st.builds(lambda n: {"mbox": f"mailto:u{n}@example.cn"}, st.integers(0, 9)),
    st.just({"mbox_sha1sum": "ab" * 20}),
    st.builds(lambda iri: {"openid": iri}, iris),
    st.builds(lambda iri, name: {"account": {"homePage": iri, "name": name}}, iris, words),
)
agents = st.builds(
    lambda who, rest: {**rest, **who}, identifiers, obj(objectType=st.just("Agent"), name=words)
)
groups = st.builds(
    lambda rest, who: {"objectType": "Group", **rest, **who},
    obj({"member": st.lists(agents, min_size=1, max_size=3)}, name=words),
    st.just({}) | identifiers,
)
definitions = obj(
    name=maps,
    description=maps,
    type=iris,
    moreInfo=iris,
    extensions=extensions,
) | st.builds(
    lambda ids: {"interactionType": "choice", "choices": [{"id": one} for one in ids]},
    st.lists(words, unique=True, max_size=3),
)
activities = obj({"id": iris}, objectType=st.just("Activity"), definition=definitions)
verbs = obj({"id": iris}, display=maps)
results = obj(
    score=obj(scaled=st.floats(-1, 1), raw=st.integers(0, 100)),
    success=st.booleans(),
    completion=st.booleans(),
    response=st.text(max_size=20),
    duration=st.sampled_from(["PT1H30M", "P3W", "PT0.123S", "P1Y2M3DT4H5M6S"]),
    extensions=extensions,
)
lists = st.lists(activities, min_size=1, max_size=2)


def contexts(version):
    newer = {}
    if version == V2:
        newer["contextAgents"] = st.lists(
            obj({"objectType": st.just("contextAgent"), "agent": agents}), max_size=2
        )
        newer["contextGroups"] = st.lists(
            obj(
                {"objectType": st.just("contextGroup"), "group": groups},
                relevantTypes=st.lists(iris, min_size=1, max_size=2),
            ),
            max_size=2,
        )
    return obj(
        registration=uuids,
        instructor=agents | groups,
        team=groups,
        contextActivities=obj(parent=lists, grouping=lists, category=lists, other=lists),
        language=tags,
        statement=obj({"objectType": st.just("StatementRef"), "id": uuids}),
        extensions=extensions,
        **newer,
    )


def statements(version):
    core = {"actor": agents | groups, "verb": verbs}
    rest = {"result": results, "context": contexts(version), "timestamp": timestamps}
    things = activities | obj({"objectType": st.just("StatementRef"), "id": uuids})
    things |= agents.map(lambda agent: {**agent, "objectType": "Agent"}) | groups
    inner = obj({"objectType": st.just("SubStatement"), **core, "object": things}, **rest)
    return obj({**core, "object": things | inner}, **rest)


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    with service_client(tmp_path_factory.mktemp("data")) as client:
        yield client


@pytest.mark.parametrize("version", [V1, V2])
@settings(deadline=None, max_examples=60, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_what_is_accepted_comes_back_equal(client, version, data):
    batch = data.draw(st.lists(statements(version), min_size=1, max_size=3))
    ids = client.post_statements(batch, version)
    for statement_id, sent in zip(ids, batch, strict=True):
        for read_as in (version, V2):
            kept = client.statement(statement_id, read_as)
            assert kept.pop("id") == statement_id
            assert kept.pop("version") == {V1: "1.0.0", V2: "2.0.0"}[version]
            stored = kept.pop("stored")
            assert kept.pop("authority")["account"]["name"] == "admin"
            if "timestamp" not in sent:
                assert kept.pop("timestamp") == stored
            if version == V2:
                assert all(time.endswith("Z") for time in times_of(kept))
            assert with_instants(kept, version) == with_instants(sent, version)
    # And again: the same statements are accepted, nothing is stored twice.
    again = [{**one, "id": one_id} for one, one_id in zip(batch, ids, strict=True)]
    assert client.post_statements(again, version) == ids


def times_of(statement):
    return [one["timestamp"] for one in (statement, statement["object"]) if "timestamp" in one]


def with_instants(statement, version):
    """In 2.0.0 with each timestamp as what it stands for, whatever its zone."""
    changed = json.loads(json.dumps(statement))
    for one in (changed, changed["object"]) if version == V2 else ():
        if "timestamp" in one:
            date_time, fraction, zone = re.fullmatch(
                r"([^.Z+]{19})([.0-9]*)(.*)", one["timestamp"]
            ).groups()
            one["timestamp"] = [datetime.fromisoformat(date_time + zone).timestamp(), fraction]
    return changed


BREAKS = [
    ("actor.mbox_sha1sum", "x", {"actor"}),
    ("actor.shoe", 1, {"actor.shoe"}),
    ("actor", None, {"actor"}),
    ("verb.id", "no iri", {"verb.id"}),
    ("verb.display", {"no tag": "x"}, {"verb.display"}),
    ("object.objectType", "Robot", {"object.objectType"}),
    ("object.id", 1, {"object.id"}),
    ("id", "x", {"id"}),
    ("result.score", {"scaled": 1.1}, {"result.score.scaled"}),
    ("result.duration", "PT", {"result.duration"}),
    ("result.extensions", {"x": 1}, {"result.extensions"}),
    ("context.registration", "x", {"context.registration"}),
    ("context.language", "-", {"context.language"}),
    ("context.team", {"mbox": "mailto:a@b.cn"}, {"context.team.objectType"}),
    ("context.contextActivities", {"parent": [{}]}, {"context.contextActivities.parent"}),
    ("context.contextAgents", [{"objectType": "contextAgent"}], {"context.contextAgents"}),
    (
        "context.contextGroups",
        [{"objectType": "contextGroup", "group": {"mbox": "mailto:a@b.cn"}}],
        {"context.contextGroups"},
    ),
    ("timestamp", "2026-13-01T00:00:00Z", {"timestamp"}),
    ("Timestamp", "2026-01-01T00:00:00Z", {"Timestamp"}),
    ("authority", {"name": "x"}, {"authority"}),
    ("version", "0.9", {"version"}),
    ("attachments", [{}], {"attachments"}),
]


@pytest.mark.parametrize("version", [V1, V2])
@pytest.mark.parametrize(("place", "value", "paths"), BREAKS, ids=[one[0] for one in BREAKS])
@settings(deadline=None, max_examples=15, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_one_broken_rule_is_refused_with_its_path(version, place, value, paths, data):
    good = data.draw(statements(version))
    broken = json.loads(json.dumps(good))
    *way, last = place.split(".")
    inner = broken
    for step in way:
        inner = inner.setdefault(step, {})
    if value is None:
        del inner[last]
    else:
        inner[last] = value
    with pytest.raises(StatementError) as caught:
        decode_statements(json.dumps([GOOD, broken]).encode(), version)
    assert caught.value.index == 1
    assert any(caught.value.path.startswith(f"$.{path}") for path in paths), caught.value
    assert caught.value.rule


@pytest.mark.parametrize("ascending", ["true", "false"])
def test_pages_hold_each_statement_once_while_others_write(tmp_path, ascending):
    with service_client(tmp_path) as client:
        before = client.post_statements([GOOD] * 100)
        stop = threading.Event()
        written = []

        def write():
            while not stop.is_set() and len(written) < 3000:
                written.extend(client.post_statements([GOOD] * 5))

        writers = [threading.Thread(target=write) for _ in range(3)]
        for writer in writers:
            writer.start()
        seen = []
        url = f"statements?limit=7&ascending={ascending}&verb={GOOD['verb']['id']}"
        try:
            # Ascending pages go on for as long as others write; the first 100 are certain.
            while url and len(seen) < 2000:
                page = client("GET", url).json
                seen += [one["id"] for one in page["statements"]]
                url = page["more"].removeprefix("/xapi/")
        finally:
            stop.set()
            for writer in writers:
                writer.join()
        assert len(seen) == len(set(seen))
        assert set(before) <= set(seen)
        assert set(seen) <= {*before, *written}


def test_voiding_while_pages_are_followed_moves_no_other_statement(tmp_path):
    with service_client(tmp_path) as client:
        ids = client.post_statements([{**GOOD, "id": str(uuid.uuid4())} for _ in range(30)])
        seen, url = [], "statements?limit=4"
        while url:
            page = client("GET", url).json
            seen += [one["id"] for one in page["statements"]]
            url = page["more"].removeprefix("/xapi/")
            voiding = with_("verb.id", "http://adlnet.gov/expapi/verbs/voided")
            voiding["object"] = {"objectType": "StatementRef", "id": seen[-1]}
            client.post_statements([voiding])
        assert sorted(seen) == sorted(ids)
