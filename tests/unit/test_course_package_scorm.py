"""The manifests have the form of the golf examples that SCORM tools are commonly tried with."""

import io

import pytest

from adapters.course_package import PackageRefused, read_course_package
from schemas.courses import AssignableUnit, Block
from tests.unit.test_course_package_archive import packed
from tests.unit.test_course_package_cmi5 import told_in_both_languages

V12 = (
    'xmlns="http://www.imsproject.org/xsd/imscp_rootv1p1p2" '
    'xmlns:adlcp="http://www.adlnet.org/xsd/adlcp_rootv1p2"'
)
V2004 = (
    'xmlns="http://www.imsglobal.org/xsd/imscp_v1p1" '
    'xmlns:adlcp="http://www.adlnet.org/xsd/adlcp_v1p3" '
    'xmlns:imsss="http://www.imsglobal.org/xsd/imsss"'
)


def manifest(items, *, space=V12, version="1.2", default='default="org"', more="", kind=None):
    attribute = kind or ("adlcp:scormtype" if space == V12 else "adlcp:scormType")
    told = f"<schema>ADL SCORM</schema><schemaversion>{version}</schemaversion>" if version else ""
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<manifest identifier="com.example.golf" version="1" {space}>
<metadata>{told}</metadata>
<organizations {default}><organization identifier="org"><title>高尔夫 Golf</title>
{items}
</organization></organizations>
<resources>
<resource identifier="r1" type="webcontent" {attribute}="sco" href="play/play.html"/>
<resource identifier="r2" type="webcontent" {attribute}="asset" href="notes.pdf"/>
<resource identifier="r3" type="webcontent" href="untold.html"/>
<resource identifier="r4" type="webcontent" {attribute}="sco"/>
</resources>{more}
</manifest>"""


def item(identity="i1", reference="r1", more="", title="<title>Playing</title>"):
    launched = f'identifierref="{reference}"' if reference else ""
    return f'<item identifier="{identity}" {launched}>{title}{more}</item>'


def read(text):
    return read_course_package(io.BytesIO(text.encode()), "imsmanifest.xml")


def refused(text):
    with pytest.raises(PackageRefused) as caught:
        read(text)
    return told_in_both_languages(caught.value)


def test_items_are_blocks_and_units():
    text = manifest(
        item("chapter", None, item("i1") + item("i2", "r2"), "<title>Chapter</title>")
        + item("i3", title="")
    )
    structure = read_course_package(
        io.BytesIO(packed(("imsmanifest.xml", text), ("play/play.html", b""))), "golf.zip"
    )
    assert (structure.standard, structure.id) == ("SCORM 1.2", "com.example.golf")
    assert structure.titles == {"und": "高尔夫 Golf"}
    assert structure.nodes == (
        Block(
            id="chapter",
            titles={"und": "Chapter"},
            nodes=(
                AssignableUnit(
                    id="i1",
                    titles={"und": "Playing"},
                    url="play/play.html",
                    move_on="CompletedOrPassed",
                ),
                AssignableUnit(id="i2", titles={"und": "Playing"}, url="notes.pdf"),
            ),
        ),
        AssignableUnit(id="i3", url="play/play.html", move_on="CompletedOrPassed"),
    )


@pytest.mark.parametrize(
    ("version", "space", "standard"),
    [
        ("1.2", V12, "SCORM 1.2"),
        (None, V12, "SCORM 1.2"),
        ("CAM 1.3", V2004, "SCORM 2004"),
        ("2004 3rd Edition", V2004, "SCORM 2004"),
        (" 2004\n 4th  edition ", V2004, "SCORM 2004"),
        (None, V2004, "SCORM 2004"),
    ],
)
def test_the_version_is_told_or_seen(version, space, standard):
    assert read(manifest(item(), version=version, space=space)).standard == standard


def test_a_mastery_score_of_1_2_is_of_100_and_to_be_passed():
    structure = read(manifest(item(more="<adlcp:masteryscore> 80 </adlcp:masteryscore>")))
    (unit,) = structure.units()
    assert (unit.move_on, unit.mastery_score) == ("Passed", 0.8)


@pytest.mark.parametrize(
    ("objective", "move_on", "mastery"),
    [
        (
            '<imsss:primaryObjective satisfiedByMeasure="true">'
            "<imsss:minNormalizedMeasure>0.7</imsss:minNormalizedMeasure></imsss:primaryObjective>",
            "Passed",
            0.7,
        ),
        ('<imsss:primaryObjective satisfiedByMeasure="true"/>', "Passed", 1.0),
        (
            "<imsss:primaryObjective>"
            "<imsss:minNormalizedMeasure>0.7</imsss:minNormalizedMeasure></imsss:primaryObjective>",
            "CompletedOrPassed",
            None,
        ),
        ("<imsss:objective/>", "CompletedOrPassed", None),
    ],
)
@pytest.mark.parametrize("shared", [False, True])
def test_a_mastery_score_of_2004_is_a_measure(objective, move_on, mastery, shared):
    objectives = f"<imsss:objectives>{objective}</imsss:objectives>"
    if shared:
        own = '<imsss:sequencing IDRef="s"/>'
        more = (
            "<imsss:sequencingCollection>"
            f'<imsss:sequencing ID="s">{objectives}</imsss:sequencing>'
            "</imsss:sequencingCollection>"
        )
    else:
        own, more = f"<imsss:sequencing>{objectives}</imsss:sequencing>", ""
    text = manifest(item(more=own), space=V2004, version="2004 4th Edition", more=more)
    (unit,) = read(text).units()
    assert (unit.move_on, unit.mastery_score) == (move_on, mastery)


def test_addresses_are_within_their_bases():
    text = manifest(item()).replace("<resources>", '<resources xml:base="content/">')
    text = text.replace('identifier="r1"', 'identifier="r1" xml:base="golf/"')
    assert [unit.url for unit in read(text).units()] == ["content/golf/play/play.html"]


def test_the_default_organization_is_read():
    other = (
        '<organizations default="org"><organization identifier="x"><title>X</title></organization>'
    )
    text = manifest(item()).replace('<organizations default="org">', other)
    assert read(text).titles == {"und": "高尔夫 Golf"}
    assert read(text.replace('default="org"', "")).titles == {"und": "X"}


def test_the_attribute_is_read_in_either_spelling():
    assert len(list(read(manifest(item(), kind="adlcp:scormType")).units())) == 1


@pytest.mark.parametrize(
    ("text", "line", "rule"),
    [
        (manifest(item() + "\n" + item()), 6, "<item> must have an identifier of its own"),
        (manifest(item("com.example.golf")), 5, "must have an identifier of its own"),
        (manifest(item("")), 5, "<item> must have the attribute identifier"),
        (manifest(item(reference="r9")), 5, "launch a resource that is there, 'r9' is not"),
        (manifest(item(more=item("i2"))), 5, "either hold items or launch a resource"),
        (manifest(item(reference="r3")), 10, "whether it is sco or asset"),
        (manifest(item(reference="r4")), 11, "<resource> must have the attribute href"),
        (manifest(item(), default='default="o"'), 4, "an organization as default, 'o' is none"),
        (
            manifest(item())
            .replace("organization ", "organisation ")
            .replace("ization></", "isation></"),
            4,
            "must hold an <organization>",
        ),
        (manifest(item()).replace('"r2"', '"r1"'), 9, "<resource> must have an identifier of its"),
        (manifest(item(), version="1.1"), 2, "must be of SCORM 1.2 or 2004, says '1.1'"),
        (
            manifest(
                item(),
                space='xmlns="http://www.imsglobal.org/xsd/imsccv1p1/imscp_v1p1" xmlns:adlcp="x"',
                version=None,
            ),
            2,
            "must be of SCORM 1.2 or 2004",
        ),
        (
            manifest(item(more="<adlcp:masteryscore>101</adlcp:masteryscore>")),
            5,
            "<masteryscore> must hold a number from 0 to 100",
        ),
        (
            manifest(item(more="<adlcp:masteryscore>high</adlcp:masteryscore>")),
            5,
            "<masteryscore> must hold a number from 0 to 100",
        ),
    ],
)
def test_what_scorm_forbids_is_told_with_its_line(text, line, rule):
    error = refused(text)
    assert rule in error.rule
    assert error.line == line


def test_items_too_deep_are_refused():
    def nested(depth):
        heads = "".join(f'<item identifier="b{n}">' for n in range(depth))
        return manifest(heads + item() + "</item>" * depth)

    assert len(list(read(nested(63)).units())) == 1
    assert "64 items deep" in refused(nested(64)).rule


def test_of_both_manifests_that_of_cmi5_is_read():
    content = packed(("imsmanifest.xml", manifest(item())), ("cmi5.xml", "<x/>"))
    with pytest.raises(PackageRefused, match=r"^golf\.zip/cmi5\.xml:1: <x> must be"):
        read_course_package(io.BytesIO(content), "golf.zip")
