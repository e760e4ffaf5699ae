import re
import textwrap
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lrs.achievements.evaluate import activities_of, evaluate
from lrs.achievements.units_file import UnitsFileError, read_units
from schemas.events import Event, Score
from schemas.units import (
    DEFAULT_PROVENANCE,
    AllOf,
    AnyOf,
    Attended,
    Completed,
    Count,
    Examined,
    Hours,
    Passed,
    Period,
    Scored,
    Unit,
)

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples" / "units"
NAME = "units.yaml"

UNIT = """\
units:
  - code: OUC-1
    version: 1
    title:
      en: Safety
    field: safety
    level: 4
    credits: 2
    hours: 32
    awarding_body: OUC
    kind: training
"""
RULE = """\
    rule:
      passed:
        activity: urn:quiz
"""


def read(text):
    return read_units(text, NAME)


def refused(text):
    with pytest.raises(UnitsFileError) as caught:
        read(text)
    return list(caught.value.errors)


def rule_of(text):
    indented = "".join(f"      {line}\n" for line in text.splitlines())
    return read(f"{UNIT}    rule:\n{indented}")[0].rule


def refused_rule(text):
    indented = "".join(f"      {line}\n" for line in text.splitlines())
    return refused(f"{UNIT}    rule:\n{indented}")


def event(kind, activity, day, **more):
    return Event(
        **{
            "statement": f"{kind}-{activity}-{day}",
            "kind": kind,
            "identifier": "account:https://lms.example.edu.cn|2026000101",
            "activity": activity,
            "time": datetime(2026, 3, 2, tzinfo=UTC) + timedelta(days=day),
            "source": 1,
            "provenance": "server",
            **more,
        }
    )


def test_a_unit_with_every_field():
    [unit] = read(
        """\
units:
- code: X-1
  version: 3
  title: {en: Skills, zh-CN: 技能}
  field: 信息技术
  level: 10
  credits: 0.5
  hours: 8.5
  awarding_body: 国家开放大学教育培训中心
  kind: certificate
  grade: 高级
  validity: 36
  effective: {from: 2026-01-01, until: 2026-12-31}
  provenance: [import]
  officer: true
  rule: {passed: {activity: "urn:quiz"}}
"""
    )
    assert unit == Unit(
        code="X-1",
        version=3,
        title={"en": "Skills", "zh-CN": "技能"},
        field="信息技术",
        level=10,
        credits=0.5,
        hours=8.5,
        awarding_body="国家开放大学教育培训中心",
        kind="certificate",
        grade="高级",
        validity=36,
        effective=Period(since=date(2026, 1, 1), until=date(2026, 12, 31)),
        provenance=("import",),
        officer=True,
        rule=Passed(activity="urn:quiz"),
    )


def test_what_need_not_be_said():
    [unit] = read(UNIT + RULE)
    assert unit.provenance == DEFAULT_PROVENANCE == ("server", "signed", "launched", "import")
    assert unit.officer is False
    assert unit.effective == Period()
    assert (unit.grade, unit.validity) == (None, None)


@pytest.mark.parametrize(
    ("text", "condition"),
    [
        ("completed: {activity: 'urn:a'}", Completed(activity="urn:a")),
        (
            "passed: {activity: 'urn:a', provenance: [server], within: {from: 2026-03-01}}",
            Passed(activity="urn:a", provenance=("server",), within=Period(since=date(2026, 3, 1))),
        ),
        ("scored: {activity: 'urn:a', at_least: 1}", Scored(activity="urn:a", at_least=1.0)),
        ("hours: {course: 'urn:a', at_least: 2.5}", Hours(course="urn:a", at_least=2.5)),
        ("hours: {activity: 'urn:a', at_least: 2}", Hours(activity="urn:a", at_least=2.0)),
        (
            "attended: {activity: 'urn:a', at_least: 3, of: 4, late_counts: false}",
            Attended(activity="urn:a", at_least=3, of=4, late_counts=False),
        ),
        ("examined: {activity: 'urn:a'}", Examined(activity="urn:a")),
        (
            "examined: {activity: 'urn:a', at_least: 0.6, by: 'mbox:mailto:a@b.cn'}",
            Examined(activity="urn:a", at_least=0.6, by=("mbox:mailto:a@b.cn",)),
        ),
        (
            "all: [{completed: {activity: 'urn:a'}}, {any: [{passed: {activity: 'urn:b'}}]}]",
            AllOf(of=(Completed(activity="urn:a"), AnyOf(of=(Passed(activity="urn:b"),)))),
        ),
        (
            "count: {at_least: 1, of: [{passed: {activity: 'urn:b'}}]}",
            Count(at_least=1, of=(Passed(activity="urn:b"),)),
        ),
    ],
)
def test_every_condition_is_read_and_kept_whole(text, condition):
    rule = rule_of(text)
    assert rule == condition
    [unit] = read(UNIT + RULE)
    unit = msgspec.structs.replace(unit, rule=rule)
    assert msgspec.json.decode(msgspec.json.encode(unit), type=Unit) == unit


IS_NOT_A_FIELD = "is not a field here: correct its name or remove it"
NOT_LEVEL = "must be 1 to 10, is"
AMOUNT = "must be more than 0 and at most 100000, is"


@pytest.mark.parametrize(
    ("old", "new", "error"),
    [
        ("level: 4", "level: 11", f"7: units[0].level: {NOT_LEVEL} 11"),
        ("level: 4", "level: 0", f"7: units[0].level: {NOT_LEVEL} 0"),
        ("level: 4", "level: 4.5", "7: units[0].level: must be a whole number"),
        ("level: 4", "level: true", "7: units[0].level: must be a whole number"),
        ("    level: 4\n", "", "2: units[0].level: must be given"),
        (
            "level: 4",
            "level:",
            "7: units[0].level: must have a value: give one, or remove the field",
        ),
        ("credits: 2", "credits: 0", f"8: units[0].credits: {AMOUNT} 0.0"),
        ("credits: 2", "credits: two", "8: units[0].credits: must be a number"),
        ("credits: 2", "credits: .nan", "8: units[0].credits: must be a number"),
        ("hours: 32", "hours: -1", f"9: units[0].hours: {AMOUNT} -1.0"),
        ("hours: 32", "hors: 32", f"9: units[0].hors: {IS_NOT_A_FIELD}"),
        (
            "code: OUC-1",
            "code: 101",
            "2: units[0].code: must be text: put quotes around a number, true or false",
        ),
        (
            "code: OUC-1",
            "code: OUC 1",
            "2: units[0].code: must be 1 to 64 letters A-Z, digits and hyphens, is 'OUC 1'",
        ),
        (
            "en: Safety",
            "english!: Safety",
            "5: units[0].title.english!: must be a language tag such as en or zh-CN (BCP 47), "
            "is 'english!'",
        ),
        (
            "en: Safety",
            'en: " "',
            "5: units[0].title.en: must be text of 1 to 500 characters, is ' '",
        ),
        (
            "en: Safety",
            "en: [Safety]",
            "5: units[0].title.en: must be text: put quotes around a number, true or false",
        ),
        (
            "kind: training",
            "kind: course",
            "11: units[0].kind: must be one of academic, certificate, training, is 'course'",
        ),
        (
            "kind: training",
            "kind: training\n    grade: 初级",
            "12: units[0].grade: goes with the kind certificate only: correct the kind or "
            "remove it",
        ),
        (
            "kind: training",
            "kind: certificate\n    grade: 特级",
            "12: units[0].grade: must be one of 初级, 中级, 高级, is '特级'",
        ),
        (
            "kind: training",
            "kind: training\n    effective: {from: 2026-03-02, until: 2026-03-01}",
            "12: units[0].effective.until: must not be before from (2026-03-02), is 2026-03-01",
        ),
        (
            "kind: training",
            "kind: training\n    effective: {from: 2026-02-30}",
            "12: units[0].effective.from: must be a day such as 2026-03-01",
        ),
        (
            "kind: training",
            "kind: training\n    effective: {}",
            "12: units[0].effective: must have a day in from, until or both",
        ),
        (
            "kind: training",
            "kind: training\n    provenance: [server, friend]",
            "12: units[0].provenance[1]: must be one of server, signed, launched, browser, import, "
            "manual, is 'friend'",
        ),
        (
            "kind: training",
            "kind: training\n    provenance: []",
            "12: units[0].provenance: must not be empty: give at least one, or remove it, is []",
        ),
        ("kind: training", "kind: training\n    officer: 1", None),
        (
            "kind: training",
            "kind: training\n    officer: yes",
            "12: units[0].officer: must be true or false",
        ),
    ],
)
def test_a_field_that_is_wrong_is_named_with_its_line_and_rule(old, new, error):
    assert old in UNIT
    text = UNIT.replace(old, new) + RULE
    if error is None:
        assert read(text)
        return
    errors = refused(text)
    assert f"{NAME}:{error}" in errors
    # A field of another name is missing besides.
    assert len(errors) == 1 + ("is not a field" in error)


@pytest.mark.parametrize(
    ("rule", "error"),
    [
        ("passed: {activity: quiz}", "13: units[0].rule.passed.activity: must be an absolute IRI"),
        ("passed: urn:quiz", "13: units[0].rule.passed: must be fields with values"),
        ("passed:", "13: units[0].rule.passed: must be fields with values"),
        ("passed: {activity: 'urn:a', at_least: 1}", "13: units[0].rule.passed.at_least: is not a"),
        ("wished: {activity: 'urn:a'}", "13: units[0].rule.wished: is not a condition: use one of"),
        ("passed:\nactivity: urn:a", "12: units[0].rule: must be one condition (completed, passed"),
        ("- passed: {activity: 'urn:a'}", "12: units[0].rule: must be one condition"),
        (
            "scored: {activity: 'urn:a', at_least: 60}",
            "13: units[0].rule.scored.at_least: must be a share between 0 and 1, such as "
            "0.6, is 60.0",
        ),
        (
            "scored: {activity: 'urn:a', at_least: -0.1}",
            "13: units[0].rule.scored.at_least: must be a share",
        ),
        ("hours: {at_least: 1}", "13: units[0].rule.hours: must have either activity or course"),
        (
            "hours: {activity: 'urn:a', course: 'urn:b', at_least: 1}",
            "13: units[0].rule.hours: must have either activity or course",
        ),
        (
            "attended: {activity: 'urn:a', at_least: 4, of: 3}",
            "13: units[0].rule.attended.at_least: must not be more than of (3)",
        ),
        (
            "attended: {activity: 'urn:a', at_least: 0}",
            "13: units[0].rule.attended.at_least: must be 1 or more",
        ),
        (
            "examined: {activity: 'urn:a', by: Mr Li}",
            "13: units[0].rule.examined.by: must be an identifier such as",
        ),
        ("all: []", "13: units[0].rule.all: must not be empty"),
        ("all: {passed: {activity: 'urn:a'}}", "13: units[0].rule.all: must be a list"),
        (
            "any:\n- passed: {activity: 'urn:a'}\n- all:\n  - scored: {activity: 'urn:a'}",
            "16: units[0].rule.any[1].all[0].scored.at_least: must be given",
        ),
        (
            "count:\n  at_least: 2\n  of:\n  - passed: {activity: 'urn:a'}",
            "14: units[0].rule.count.at_least: must not be more than there are conditions (1)",
        ),
        (
            "count:\n  at_least: 1\n  of:\n  - passed: {activity: 'urn:a', provenance: [browser]}",
            "16: units[0].rule.count.of[0].passed.provenance: must only narrow what the unit "
            "accepts (server, signed, launched, import), has browser",
        ),
    ],
)
def test_a_rule_that_is_wrong_is_named_with_its_line_and_rule(rule, error):
    [told] = refused_rule(rule)
    assert told.startswith(f"{NAME}:{error}")


def test_everything_that_is_wrong_is_told_at_once_in_order():
    text = UNIT.replace("level: 4", "level: 0").replace("credits: 2", "credits: -1")
    second = text.removeprefix("units:\n").replace("hours: 32", "hours: many")
    errors = refused(text + RULE + second + RULE.replace("urn:quiz", "quiz"))
    assert [error.split(": ")[0:2] for error in errors] == [
        [f"{NAME}:7", "units[0].level"],
        [f"{NAME}:8", "units[0].credits"],
        [f"{NAME}:20", "units[1].level"],
        [f"{NAME}:21", "units[1].credits"],
        [f"{NAME}:22", "units[1].hours"],
        [f"{NAME}:27", "units[1].rule.passed.activity"],
    ]


def test_no_more_errors_than_can_be_read():
    items = "\n".join("  - passed: {activity: x}" for _ in range(150))
    errors = refused_rule(f"all:\n{items}")
    assert len(errors) == 101
    assert errors[-1] == f"{NAME}: 50 more errors are not shown: correct these first"


def test_a_code_has_each_version_once():
    again = (UNIT + RULE).removeprefix("units:\n")
    assert refused(UNIT + RULE + again) == [
        f"{NAME}:16: units[1].version: stands twice with the code 'OUC-1': give it the next "
        "version or remove it"
    ]
    assert len(read(UNIT + RULE + again.replace("version: 1", "version: 2"))) == 2


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("", "1: is empty"),
        ("# nothing\n", "1: is empty"),
        ("units: &all\n- *all\n", "1: anchors (&) and aliases (*) are not read"),
        ("units:\n- *all\n", "2: anchors (&) and aliases (*) are not read"),
        ("units: !!python/object/apply:os.system [id]\n", "1: tags (!) are not read"),
        ("units:\n- {code: a,\n  code: b}\n", "3: the key 'code' stands twice"),
        ("units: [\n", "2: is not YAML: "),
        ("units: []\n---\nunits: []\n", "2: is not YAML: expected a single document"),
        ("units: \x00\n", "1: is not YAML: special characters are not allowed"),
        ("{{a: b}: c}: d\n", "1: a key must be text"),
        ("units:\n" + "[" * 500, "2: is nested more than 40 deep"),
        ("units:\n" + "[" * 100_000, "2: is not YAML: "),
        ("units:\n" + "- " * 100_000, "2: is nested more than 40 deep"),
        ("#" * 262_145, "1: has more than 262144 characters"),
        ("units: []\n", "1: units: must not be empty"),
        ("units:\n", "1: units: must have a value"),
        ("- code: a\n", "1: must be fields with values"),
        ("hello\n", "1: must be fields with values"),
        ("unit: []\nunits: [1]\n", "1: unit: is not a field here"),
    ],
)
def test_what_is_not_a_units_file_is_refused(text, error):
    assert refused(text)[0].startswith(f"{NAME}:{error}")


@given(st.text(alphabet=st.sampled_from("ab:-[]{}&*!|>'\"#\n ,?%@`~01.\t\x85"), max_size=40))
def test_any_text_is_refused_with_lines_or_read(text):
    try:
        read(text)
    except UnitsFileError as error:
        assert error.errors
        assert all(line.startswith(f"{NAME}:") for line in error.errors)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["all", "of", "passed", "activity", "from"]), inner)
    ),
    max_leaves=8,
)


@given(
    st.sampled_from(["code", "title", "level", "credits", "effective", "provenance", "rule"]),
    VALUES,
)
def test_no_value_in_any_field_is_a_fault(field, value):
    [document] = [msgspec.yaml.decode((UNIT + RULE).encode())]
    document["units"][0][field] = value
    # JSON is YAML but for what its writer escapes.
    try:
        read(msgspec.json.encode(document).decode())
    except UnitsFileError as error:
        assert error.errors


def test_the_example_of_a_course():
    [unit] = read_units((EXAMPLES / "enterprise-safety.yaml").read_text("utf-8"), NAME)
    assert (unit.code, unit.version, unit.level, unit.credits) == ("OUC-SAFE-101", 1, 4, 2)
    course, quiz, drill, practice = (
        "https://lms.example.edu.cn/course/view.php?id=101",
        "https://lms.example.edu.cn/mod/quiz/view.php?id=1011",
        "https://courses.example.edu.cn/safety/au/emergency-drill",
        "https://lms.example.edu.cn/practice/safety-101",
    )
    assert activities_of(unit) == {course, quiz, drill, practice}
    done = [
        event("completed", quiz, 19, score=Score(scaled=0.74)),
        event("passed", drill, 20, score=Score(scaled=0.9), provenance="launched"),
        event("completed", course, 26, completion=True),
        *(
            event("attended", practice, day, session=str(day), attendance=how, provenance="import")
            for day, how in ((5, "present"), (12, "late"), (19, "excused"), (27, "present"))
        ),
    ]
    as_of = datetime(2026, 6, 1, tzinfo=UTC)
    decision = evaluate(unit, done, as_of)
    assert decision.met
    assert decision.achieved_at == done[-1].time
    assert decision.score == 0.74
    assert set(decision.evidence) == {one.statement for one in done if one.attendance != "excused"}
    for missing in (0, 1, 2, 3):
        assert not evaluate(unit, done[:missing] + done[missing + 1 :], as_of).met


def test_the_example_of_a_certificate_in_three_grades():
    units = read_units((EXAMPLES / "one-plus-x.yaml").read_text("utf-8"), NAME)
    assert [unit.grade for unit in units] == ["初级", "中级", "高级"]
    as_of = datetime(2026, 6, 1, tzinfo=UTC)
    for unit in units:
        assert unit.kind == "certificate"
        assert unit.officer
        by = "account:https://exams.example.edu.cn|E0031"
        passed = [
            event("passed", exam, 1, score=Score(raw=70.0, max=100.0), examiner=by)
            for exam in activities_of(unit)
        ]
        decision = evaluate(unit, passed, as_of)
        assert (decision.met, decision.score) == (True, 0.7)
        for provenance, met in (("import", True), ("launched", False), ("browser", False)):
            told = [msgspec.structs.replace(one, provenance=provenance) for one in passed]
            assert evaluate(unit, told, as_of).met is met
        unexamined = [msgspec.structs.replace(one, examiner=None) for one in passed]
        assert not evaluate(unit, unexamined, as_of).met


def test_the_examples_of_the_documentation():
    text = (ROOT / "docs" / "units.md").read_text("utf-8")
    blocks = re.findall(r"(?:^    .*\n)+", text, re.MULTILINE)
    [unit] = [textwrap.dedent(block) for block in blocks if block.startswith("    units:")]
    [rule] = [block for block in blocks if block.startswith("    rule:")]
    assert read(unit)[0].code == "OUC-SAFE-101"
    conditions = read(UNIT + rule)[0].rule.of
    assert [type(condition) for condition in conditions] == [Examined, Count]
    [error] = [block.strip() for block in blocks if block.startswith("    units.yaml:")]
    shares = "all:\n- passed: {activity: 'urn:a'}\n- scored: {activity: 'urn:b', at_least: 60}"
    assert refused_rule(shares) == [error.replace(":19:", ":15:")]
