import zipfile

import pytest

from tests.unit.test_course_package_cmi5 import au, course
from tests.unit.test_imports_api import Api
from tests.unit.xapi_service import service_client

MANIFEST = "propertyName,value\nmanifest.version,1.0\noneroster.version,{}\nfile.users,{}\n"
ORGS = (
    "sourcedId,status,dateLastModified,name,type\n"
    "corp,,,某某集团,district\nouc,,,国家开放大学,school\n"
)
COURSES = "sourcedId,status,dateLastModified,title,courseCode\nc1,,,安全生产,SAFETY-101\n"
SESSIONS = (
    "sourcedId,status,dateLastModified,title,type,startDate,endDate,parentSourcedId,schoolYear\n"
    "t1,,,2026 春,term,2026-03-01,2026-07-15,,2026\n"
)
CLASSES = (
    "sourcedId,status,dateLastModified,title,courseSourcedId,classCode,classType,"
    "schoolSourcedId,termSourcedIds\nk1,,,一班,c1,K1,scheduled,ouc,t1\n"
)
USERS_1_1 = (
    "sourcedId,status,dateLastModified,enabledUser,orgSourcedIds,role,username,userIds,givenName,"
    "familyName,middleName,identifier,email,sms,phone,agentSourcedIds,grades,password\n"
    'u1,,,true,"corp,ouc",student,lina,{https://hr.example:77},娜,李,,2026000101,Li.Na@Example.cn,,,,,\n'
    "u2,,,false,ouc,teacher,tom,{LDAP:9},Tom,Brown,,,,,,,,\n"
)
USERS_1_2 = (
    "sourcedId,status,dateLastModified,enabledUser,username,userIds,givenName,familyName,"
    "middleName,identifier,email,primaryOrgSourcedId\n"
    "u1,,,true,lina,,娜,李,,2026000101,li.na@example.cn,corp\n"
)
ROLES = (
    "sourcedId,status,dateLastModified,userSourcedId,roleType,role,beginDate,endDate,orgSourcedId\n"
    "r1,,,u1,primary,student,,,ouc\n"
)
ENROLLMENTS = (
    "sourcedId,status,dateLastModified,classSourcedId,schoolSourcedId,userSourcedId,role,primary,"
    "beginDate,endDate\ne1,,,k1,ouc,u1,student,false,,\n"
)
FILES = {
    "manifest.csv": MANIFEST.format("1.1", "bulk"),
    "orgs.csv": ORGS,
    "courses.csv": COURSES,
    "academicSessions.csv": SESSIONS,
    "classes.csv": CLASSES,
    "users.csv": USERS_1_1,
    "enrollments.csv": ENROLLMENTS,
}
HOME = "account:https://lms.example|"


def packed(folder, files=FILES, name="roster.zip", **changes):
    path = folder / name
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for inner, text in {**files, **{f"{key}.csv": one for key, one in changes.items()}}.items():
            if text is not None:
                file.writestr(inner, text)
    return path


@pytest.fixture
def api(tmp_path):
    with service_client(tmp_path / "data") as client:
        yield Api(client)


def entries(api, noun, roster="roster"):
    return [one.entry for one in api.service.store.rosters.entries(roster, noun, None, 100)]


def test_a_roster_of_1_1_becomes_people_courses_and_enrolments(api, tmp_path):
    done = api.bring(packed(tmp_path))
    assert (done["kind"], done["state"], done["result"]) == ("roster", "done", "roster")
    assert done["counts"]["stored"] == 7
    li, tom = entries(api, "person")
    assert (li.name, tom.name) == ("李娜", "Tom Brown")
    assert li.identifiers == (
        "account:https://hr.example|77",
        f"{HOME}2026000101",
        f"{HOME}lina",
        "mbox:mailto:Li.Na@example.cn",
    )
    assert tom.identifiers == (f"{HOME}tom",)
    assert [one.name for one in li.organisations] == ["某某集团", "国家开放大学"]
    assert (li.roles, li.enabled, tom.enabled) == (("student",), True, False)
    safety, first = entries(api, "course")
    assert safety.activity == first.activity == "https://lms.example/course/SAFETY-101"
    assert (first.course, first.title) == ("c1", "一班")
    (enrolment,) = entries(api, "enrolment")
    assert (enrolment.person, enrolment.course) == ("u1", "k1")
    assert (enrolment.begin, enrolment.end) == ("2026-03-01", "2026-07-15")
    assert api.stored() == []


def test_a_roster_of_1_2_has_its_roles_in_a_file_of_their_own(api, tmp_path):
    manifest = MANIFEST.format("1.2", "bulk")
    api.bring(packed(tmp_path, manifest=manifest, users=USERS_1_2, roles=ROLES))
    (li,) = entries(api, "person")
    assert [one.id for one in li.organisations] == ["corp", "ouc"]
    assert li.roles == ("student",)


def test_a_roster_imported_again_changes_nothing(api, tmp_path):
    api.bring(packed(tmp_path))
    seqs = [one.seq for one in api.service.store.rosters.following(0, 100)]
    again = api.bring(packed(tmp_path))
    assert (again["counts"]["stored"], again["counts"]["known"]) == (0, 7)
    assert [one.seq for one in api.service.store.rosters.following(0, 100)] == seqs


def test_who_a_bulk_roster_does_not_bring_is_ended(api, tmp_path):
    api.bring(packed(tmp_path))
    last = api.service.store.rosters.following(0, 100)[-1].seq
    only_li = "\n".join(USERS_1_1.splitlines()[:2]) + "\n"
    api.bring(packed(tmp_path, users=only_li))
    assert [one.id for one in entries(api, "person")] == ["u1"]
    (change,) = api.service.store.rosters.following(last, 100)
    assert (change.entry.id, change.ended) == ("u2", True)
    api.bring(packed(tmp_path))
    assert [one.id for one in entries(api, "person")] == ["u1", "u2"]


def test_nobody_is_ended_by_a_bulk_roster_with_a_wrong_row(api, tmp_path):
    api.bring(packed(tmp_path))
    wrong = USERS_1_1.replace("u2,,,false,ouc", "u2,,,false,nowhere")
    done = api.bring(packed(tmp_path, users=wrong))
    assert done["counts"]["refused"] == 1
    assert [one.id for one in entries(api, "person")] == ["u1", "u2"]


def test_a_delta_changes_what_it_names_only(api, tmp_path):
    api.bring(packed(tmp_path))
    delta = {
        "manifest.csv": MANIFEST.format("1.1", "delta"),
        "users.csv": USERS_1_1.replace("u2,,,false", "u2,tobedeleted,,false").replace(
            "Li.Na@Example.cn", "li@example.cn"
        ),
    }
    done = api.bring(packed(tmp_path, delta, "delta.zip"))
    assert done["counts"]["stored"] == 2
    (li,) = entries(api, "person")
    assert "mbox:mailto:li@example.cn" in li.identifiers
    assert [one.name for one in li.organisations] == ["某某集团", "国家开放大学"]
    assert len(entries(api, "enrolment")) == 1


@pytest.mark.parametrize(
    ("file", "old", "new", "path"),
    [
        ("users", "u2,,,false,ouc", "u2,,,false,nowhere", "orgSourcedIds"),
        ("users", "u2,,,false", ",,,false", "sourcedId"),
        ("users", "u2,,,false", "u1,,,false", "sourcedId"),
        ("users", "u2,,", "u2,gone,", "status"),
        ("users", "Tom,Brown,,,", "Tom,Brown,,,tom@", "email"),
        ("users", "tom,{LDAP:9},Tom,Brown,,", "tom,,Tom,Brown,,2026000101", ""),
        ("users", "teacher,tom,", "teacher,,", "username"),
        ("classes", "c1,K1", "c9,K1", "courseSourcedId"),
        ("enrollments", "k1,ouc", "k9,ouc", "classSourcedId"),
        ("enrollments", "u1,student", "u9,student", "userSourcedId"),
        ("enrollments", "false,,", "false,03/01/2026,", "beginDate"),
        ("courses", "安全生产", "", "title"),
    ],
)
def test_a_wrong_row_waits_with_its_reason(api, tmp_path, file, old, new, path):
    text = FILES[f"{file}.csv"]
    assert old in text
    done = api.bring(packed(tmp_path, **{file: text.replace(old, new)}))
    assert done["state"] == "done"
    rows = [
        row for row in api.rows(done["id"], state="quarantined") if f"{file}.csv" in row["file"]
    ]
    assert [fault["path"] for fault in rows[0]["faults"]] == [path]
    assert set(rows[0]["faults"][0]["rule"]) == {"en", "zh-CN"}


def test_a_wrong_row_is_corrected_and_released(api, tmp_path):
    done = api.bring(packed(tmp_path, users=USERS_1_1.replace("u2,,,false,ouc", "u2,,,false,x")))
    (row,) = api.rows(done["id"], state="quarantined")
    place = f"quarantine/{done['id']}/{row['number']}/release"
    for cells in ({}, {"orgSourcedIds": "y"}, {"file": "orgs.csv"}):
        assert api("POST", place, json={"cells": cells}).status_code == 409
    assert api("POST", place, json={"cells": {"orgSourcedIds": "corp"}}).status_code == 200
    assert [one.id for one in entries(api, "person")] == ["u1", "u2"]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"users": None}, "no users.csv"),
        ({"users": "sourcedId,name\n"}, "lacks the columns username"),
        ({"users": ""}, "lacks the columns sourcedId"),
        ({"users": USERS_1_1.encode("gb18030")}, "not in UTF-8"),
        ({"users": USERS_1_1 + '"never closed'}, "is not CSV"),
        ({"users": USERS_1_1 + "x" * 300_000}, "is not CSV"),
        ({"users": ",".join("abcdefghij" * 26) + "\n"}, "more than 256 columns"),
        ({"manifest": MANIFEST.format("1.0", "bulk")}, "1.1 or 1.2"),
        ({"../users": USERS_1_1}, "leads out of the package"),
    ],
)
def test_a_hostile_or_broken_roster_leaves_nothing(api, tmp_path, changes, said):
    done = api.bring(packed(tmp_path, **changes), kind="roster")
    assert done["state"] == "failed"
    assert said in done["reason"]["en"]
    assert any("\u4e00" <= char <= "\u9fff" for char in done["reason"]["zh-CN"])
    assert api.service.store.rosters.following(0, 10) == []


def test_a_dry_run_of_a_roster_stores_nothing(api, tmp_path):
    done = api.bring(packed(tmp_path), dry_run="true")
    assert done["counts"]["stored"] == 7
    assert api.service.store.rosters.following(0, 10) == []


def test_several_rosters_are_apart(api, tmp_path):
    api.bring(packed(tmp_path), roster="hr")
    api.bring(packed(tmp_path))
    assert api.service.store.rosters.names() == ["hr", "roster"]
    assert len(entries(api, "person", "hr")) == 2


def test_a_course_package_is_stored_as_structure(api, tmp_path):
    path = tmp_path / "geology.zip"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("cmi5.xml", course(au(url="<url>au/index.html</url>")))
        file.writestr("au/index.html", "<html></html>")
    rehearsal = api.bring(path, dry_run="true")
    assert (rehearsal["kind"], rehearsal["counts"]["stored"]) == ("course", 1)
    assert api.service.store.courses.page(None, 10) == []
    done = api.bring(path)
    assert done["counts"]["stored"] == 1
    found = api.service.store.courses.course(done["result"])
    assert [unit.url for unit in found.units()] == ["au/index.html"]
    assert api.bring(path)["counts"]["known"] == 1


def test_a_hostile_course_package_is_refused_in_both_languages(api, tmp_path):
    path = tmp_path / "cmi5.xml"
    path.write_text(
        '<!DOCTYPE courseStructure [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
        '<courseStructure xmlns="https://w3id.org/xapi/profiles/cmi5/v1/CourseStructure.xsd"/>'
    )
    done = api.bring(path)
    assert done["state"] == "failed"
    assert set(done["reason"]) == {"en", "zh-CN"}
    assert any("\u4e00" <= char <= "\u9fff" for char in done["reason"]["zh-CN"])
