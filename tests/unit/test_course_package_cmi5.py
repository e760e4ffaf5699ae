import copy
import io
import re
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from adapters.course_package import PackageRefused, read_course_package
from schemas.courses import AssignableUnit, Block
from tests.unit.test_problems import has_chinese

NAMESPACE = "https://w3id.org/xapi/profiles/cmi5/v1/CourseStructure.xsd"
TEXTS = (
    "<title><langstring lang='zh-CN'>标题</langstring></title>"
    "<description><langstring lang='en'>Text</langstring></description>"
)
URL = "<url>https://content.example/au</url>"


def au(identity="https://x.example/au", attributes="", url=URL, texts=TEXTS, more=""):
    return f"<au id='{identity}' {attributes}>{texts}{more}{url}</au>"


def course(nodes, objectives="", texts=TEXTS, identity="https://x.example/course"):
    return (
        f"<?xml version='1.0' encoding='utf-8'?>\n<courseStructure xmlns='{NAMESPACE}'>\n"
        f"<course id='{identity}'>{texts}</course>\n{objectives}\n{nodes}\n</courseStructure>"
    )


def read(text, name="cmi5.xml"):
    return read_course_package(io.BytesIO(text.encode()), name)


def refused(text):
    with pytest.raises(PackageRefused) as caught:
        read(text)
    return told_in_both_languages(caught.value)


QUOTED = re.compile(r"'[^']*'|<[^>]*>|https?:\S+")


def told_in_both_languages(error):
    """Return the refusal, having seen that its Chinese text says the rule, and in Chinese."""
    _, _, rule = error.chinese.partition("：")
    said = QUOTED.sub("", rule)
    assert has_chinese(said), error.chinese
    assert not re.search("[a-z]{2} [a-z]", said), error.chinese
    if not error.rule.startswith("is not XML"):  # where the parser's own words are quoted
        quoted = [one for one in QUOTED.findall(error.rule) if one[:1] == "'" and len(one) < 100]
        assert all(one in error.chinese for one in quoted), (error.rule, error.chinese)
    return error


def example(shared_data, name):
    path = shared_data / "cmi5" / "v1" / "examples" / name
    with path.open("rb") as file:
        return read_course_package(file, name)


def test_the_simple_example(shared_data):
    structure = example(shared_data, "simple-cmi5.xml")
    assert structure.standard == "cmi5"
    assert structure.id == "http://course-repository.example.edu/identifiers/courses/02baafcf"
    assert structure.titles == {"en-US": "Introduction to Geology"}
    assert structure.descriptions["en-US"].startswith("This course will introduce you into the")
    (unit,) = structure.nodes
    assert unit == AssignableUnit(
        id=f"{structure.id}/aus/4c07",
        titles=structure.titles,
        descriptions=structure.descriptions,
        url=f"{structure.id}/aus/4c07/launch.html",
    )
    assert (unit.move_on, unit.launch_method) == ("NotApplicable", "AnyWindow")


def test_extensions_are_passed_over(shared_data):
    assert example(shared_data, "extended-cmi5.xml") == example(shared_data, "simple-cmi5.xml")


def test_the_complex_example(shared_data):
    structure = example(shared_data, "complex-cmi5.xml")
    base = "http://courses.example.edu/identifiers/courses/d07e186b"
    assert structure.titles == {"en-US": "Geology", "de-DE": "Geologie"}
    assert [objective.id for objective in structure.objectives] == [
        "http://objectives.example.com/identifiers/geology/basics",
        "http://objectives.example.com/identifiers/geology/material-identification",
        "http://courses.example.edu/objectives/scientific-thinking-and-acting",
        "http://objectives.example.com/identifiers/history/history-of-science",
    ]
    assert structure.objectives[0].titles["de-DE"] == "Geologie - Grundwissen"
    rules = [(unit.move_on, unit.mastery_score) for unit in structure.units()]
    assert rules == [
        ("CompletedOrPassed", 1.0),
        ("NotApplicable", None),
        ("Passed", 0.1),
        ("CompletedOrPassed", 0.3),
        ("CompletedAndPassed", 0.5),
        ("Completed", None),
        ("Completed", None),
        ("Completed", None),
        ("NotApplicable", None),
        ("NotApplicable", None),
        ("NotApplicable", None),
        ("NotApplicable", None),
        ("Passed", 0.5),
        ("Passed", 0.7),
    ]
    first, _, third, quiz = structure.nodes
    assert first.objectives == tuple(objective.id for objective in structure.objectives[:2])
    assert [type(node) for node in third.nodes] == [AssignableUnit, Block]
    assert third.nodes[1].nodes[0].id == f"{base}/blocks/003-001-001"
    assert quiz.launch_method == "OwnWindow"
    assert quiz.activity_type == "http://adlnet.gov/expapi/activities/assessment"


def test_what_is_told_of_the_structure_is_read():
    structure = read(
        course(
            "<block id=' b '>"
            + TEXTS
            + "<objectives><objective idref='o'/><objective idref='o'/></objectives>"
            + au(attributes="moveOn='Passed' masteryScore=' .5 ' launchMethod='OwnWindow'")
            + "</block>",
            f"<objectives><objective id='o'>{TEXTS}</objective></objectives>",
        )
    )
    (block,) = structure.nodes
    assert (block.id, block.objectives, block.titles) == ("b", ("o",), {"zh-CN": "标题"})
    (unit,) = structure.units()
    assert (unit.move_on, unit.mastery_score, unit.launch_method) == ("Passed", 0.5, "OwnWindow")


def test_text_without_a_language_and_twice_in_one():
    texts = TEXTS.replace(
        "<langstring lang='en'>Text</langstring>",
        "<langstring>No\n  language</langstring>"
        "<langstring lang='en'>1</langstring><langstring lang='en'>2</langstring>",
    )
    assert read(course(au(), texts=texts)).descriptions == {"und": "No language", "en": "1"}


@pytest.mark.parametrize(
    ("text", "line", "rule"),
    [
        (course(""), 2, "<courseStructure> must hold <au> or <block> here"),
        (course("<block id='b'>" + TEXTS + "</block>"), 5, "must hold <au> or <block> here"),
        (course(au() + "\n" + au()), 6, "is on line 5 too"),
        (course(au("https://x.example/course")), 5, "is on line 3 too"),
        (course(au("")), 5, "<au> must have the attribute id"),
        (course(au(attributes="moveOn='passed'")), 5, "moveOn as one of Passed, Completed"),
        (course(au(attributes="launchMethod='Any'")), 5, "launchMethod as one of AnyWindow"),
        (course(au(attributes="masteryScore='70'")), 5, "masteryScore from 0 to 1, has '70'"),
        (course(au(attributes="masteryScore='-0.1'")), 5, "masteryScore from 0 to 1"),
        (course(au(attributes="masteryScore='1e-1'")), 5, "masteryScore from 0 to 1"),
        (course(au(attributes="masteryScore='NaN'")), 5, "masteryScore from 0 to 1"),
        (course(au(attributes="mastery='1'")), 5, "must not have the attribute mastery"),
        (course(au(url="")), 5, "<au> must hold <url> here"),
        (course(au(url="<url> </url>")), 5, "<url> must hold the address"),
        (course(au(url="<url>index.html</url>")), 5, "a full address where there is no ZIP"),
        (course(au(url="<url>http://[</url>")), 5, "'http://[' is none"),
        (course(au(url=URL + URL)), 5, "<url> must not stand here again"),
        (course(au(more="<surprise/>")), 5, "<surprise> must not stand here: <au> holds <title>"),
        (course(au(more="text")), 5, "must not be followed by text"),
        (course("text" + au()), 3, "must not be followed by text"),
        (course(au(texts=TEXTS.replace("zh-CN", "中文"))), 5, "a language as lang, has '中文'"),
        (course(au(texts="<title/>" + TEXTS[7:])), 5, ""),
        (
            course(au(more="<objectives><objective idref='o'/></objectives>")),
            5,
            "refer to an objective of the structure, 'o' is none",
        ),
        (
            course(
                au(),
                "<objectives>" + f"<objective id='o'>{TEXTS}</objective>" * 2 + "</objectives>",
            ),
            4,
            "must have an id of its own",
        ),
        (course(au()).replace(NAMESPACE, "https://else.example"), 2, "must be <courseStructure>"),
    ],
)
def test_what_the_schema_or_the_specification_forbids_is_told_with_its_line(text, line, rule):
    error = refused(text)
    assert rule in error.rule
    assert (error.file, error.line) == ("cmi5.xml", line)
    assert str(error) == f"cmi5.xml:{line}: {error.rule}"


def test_what_is_quoted_is_cut():
    error = refused(course(au(attributes=f"moveOn='{'x' * 100_000}'")))
    assert len(str(error)) < 600
    assert error.rule.endswith("xxx…")


def test_blocks_too_deep_are_refused():
    def nested(depth):
        blocks = "".join(f"<block id='{n}'>{TEXTS}" for n in range(depth))
        return course(blocks + au() + "</block>" * depth)

    assert len(list(read(nested(63)).units())) == 1
    assert "64 blocks deep" in refused(nested(64)).rule


def test_a_structure_of_thousands_of_units_is_read_fast():
    units = [
        f"<block id='b{block}'>{TEXTS}"
        + "".join(au(f"https://x.example/{block}/{unit}", "moveOn='Passed'") for unit in range(100))
        + "</block>"
        for block in range(50)
    ]
    text = course("\n".join(units))
    begun = time.process_time()
    structure = read(text)
    assert len({unit.id for unit in structure.units()}) == 5000
    assert time.process_time() - begun < 5


MUTATIONS = ("drop", "double", "swap", "attribute", "rename", "text", "stray")
STRICTER = ("an id of its own", "refer to an objective", "full address", "attribute id")
"""Rules that the schema does not hold: section 13.1.4 and 14.2, and values that are empty."""


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_what_the_published_schema_refuses_is_refused(shared_data, data):
    folder = shared_data / "cmi5" / "v1"
    schema = etree.XMLSchema(etree.parse(folder / "CourseStructure.xsd"))
    root = copy.deepcopy(etree.parse(folder / "examples" / "complex-cmi5.xml").getroot())
    elements = [element for element in root.iter() if element is not root]
    element = data.draw(st.sampled_from(elements))
    mutation = data.draw(st.sampled_from(MUTATIONS))
    parent = element.getparent()
    if mutation == "drop":
        parent.remove(element)
    elif mutation == "double":
        element.addnext(copy.deepcopy(element))
    elif mutation == "swap":
        if element.getnext() is not None:
            element.addprevious(element.getnext())
    elif mutation == "attribute":
        known = ["id", "idref", "lang", "moveOn", "masteryScore", "launchMethod", "other"]
        name = data.draw(st.sampled_from(known))
        value = data.draw(st.sampled_from([None, "x", "0.5", "2", "Passed", "OwnWindow", "e n"]))
        if value is not None:
            element.set(name, value)
        elif name in element.attrib:
            del element.attrib[name]
    elif mutation == "rename":
        element.tag = f"{{{NAMESPACE}}}{data.draw(st.sampled_from(['au', 'title', 'url', 'odd']))}"
    elif mutation == "text":
        element.text = "stray"
    else:
        spaces = st.sampled_from([NAMESPACE, "https://vendor.example"])
        element.insert(0, etree.Element(f"{{{data.draw(spaces)}}}extra"))
    valid = schema.validate(root)
    try:
        read_course_package(io.BytesIO(etree.tostring(root)), "cmi5.xml")
    except PackageRefused as error:
        assert error.line, error
        assert not valid or any(rule in error.rule for rule in STRICTER), error
    else:
        assert valid, schema.error_log
