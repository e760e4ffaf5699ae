from schemas.courses import AssignableUnit, Block, CourseStructure

COURSE = "https://publisher.example/course"


def unit(number, **rest):
    return AssignableUnit(id=f"{COURSE}/{number}", url=f"{number}.html", **rest)


def structure(*nodes, course=COURSE):
    return CourseStructure(standard="cmi5", id=course, titles={"zh-CN": "地质学"}, nodes=nodes)


GEOLOGY = structure(unit(1), Block(id=f"{COURSE}/b", nodes=(unit(2), unit(3, move_on="Passed"))))


def test_a_structure_is_read_back_whole(store):
    assert store.courses.put(GEOLOGY)
    assert store.courses.course(COURSE) == GEOLOGY
    assert store.courses.course("https://publisher.example/other") is None
    (summary,) = store.courses.page(None, 10)
    assert (summary.id, summary.standard, summary.titles) == (COURSE, "cmi5", {"zh-CN": "地质学"})
    assert (summary.blocks, summary.units) == (1, 3)


def test_the_same_structure_changes_nothing_and_another_takes_its_place(store):
    store.courses.put(GEOLOGY)
    assert not store.courses.put(GEOLOGY)
    assert store.courses.put(structure(unit(4)))
    assert store.courses.course(COURSE) == structure(unit(4))
    assert store.courses.with_units([f"{COURSE}/1", f"{COURSE}/4"]) == {f"{COURSE}/4": (COURSE,)}


def test_a_unit_leads_to_every_course_that_has_it(store):
    other = structure(unit(1), course="https://publisher.example/another")
    store.courses.put(GEOLOGY)
    store.courses.put(other)
    assert store.courses.with_units([f"{COURSE}/1", f"{COURSE}/3", "x"]) == {
        f"{COURSE}/1": (other.id, COURSE),
        f"{COURSE}/3": (COURSE,),
    }


def test_pages_followed_to_the_end_hold_each_course_once(store):
    ids = [f"https://publisher.example/{number}" for number in range(5)]
    for course in reversed(ids):
        store.courses.put(structure(unit(1), course=course))
    seen, after = [], None
    while page := store.courses.page(after, 2):
        seen += [one.id for one in page]
        after = seen[-1]
    assert seen == ids
