import threading

import pytest

from adapters.inbound import inbound_adapters
from lrs.records.rebuild import rebuild
from schemas.courses import AssignableUnit, Block, CourseStructure
from tests.bench.cohort import statements
from tests.unit.records_service import dump, post, project, projector, records_service

COURSE = CourseStructure(
    standard="cmi5",
    id="https://courses.ouchn.example.edu.cn/1",
    titles={"zh-CN": "养老护理"},
    nodes=(
        Block(
            id="https://courses.ouchn.example.edu.cn/1/block",
            nodes=tuple(
                AssignableUnit(
                    id=f"https://courses.ouchn.example.edu.cn/1/au/{n}",
                    url="x",
                    move_on=rule,
                )
                for n, rule in enumerate(("CompletedOrPassed", "NotApplicable"))
            ),
        ),
    ),
)


def voiding(statement_id, number):
    return {
        "id": f"00000000-0000-4000-8000-{number:012d}",
        "actor": {"mbox": "mailto:admin@example.edu.cn"},
        "verb": {"id": "http://adlnet.gov/expapi/verbs/voided"},
        "object": {"objectType": "StatementRef", "id": statement_id},
        "timestamp": "2026-08-01T00:00:00Z",
    }


@pytest.fixture
def service(tmp_path):
    with records_service(tmp_path) as service:
        yield service


def test_a_rebuild_gives_the_same_bytes(service):
    cohort = [*statements(400)]
    post(service, *cohort[:150])
    project(service, batch=40)
    service.store.courses.put(COURSE)
    post(service, *cohort[150:300], *(voiding(one["id"], n) for n, one in enumerate(cohort[::9])))
    project(service, batch=70)
    post(service, *cohort[300:])
    project(service, batch=1)
    reached = []
    last = rebuild(service.store, inbound_adapters(), dict, reached.append)
    assert last == service.store.records.checkpoint() == service.store.statements.last_seq()
    assert reached[-1] == last
    assert service.store.projections.checkpoint().generation == 2


def test_generations_of_the_same_statements_are_equal_byte_for_byte(service):
    cohort = [*statements(400)]
    post(service, *cohort[:150])
    project(service, batch=40)
    service.store.courses.put(COURSE)
    post(service, *cohort[150:300], *(voiding(one["id"], n) for n, one in enumerate(cohort[::9])))
    project(service, batch=70)
    post(service, *cohort[300:])
    project(service, batch=1)
    generation = service.store.projections.begin().generation
    project(service, generation=generation, batch=1_000)
    first, second = dump(service, 1), dump(service, generation)
    assert first["satisfied"]
    assert first["record"]
    assert [row for row in first["event"] if row[6] is not None]
    assert first == second


def test_a_rebuild_broken_off_goes_on_where_it_was(service):
    post(service, *statements(50))
    project(service)
    broken = service.store.projections.begin()
    projector(service, generation=broken.generation, batch=10).step()
    assert 0 < service.store.projections.checkpoint(broken.generation).seq < 50
    rebuild(service.store, inbound_adapters(), dict)
    assert service.store.projections.checkpoint().generation == broken.generation


def test_statements_that_come_during_a_rebuild_are_in_it(service):
    cohort = [*statements(300)]
    post(service, *cohort[:100])
    project(service)
    waiting = iter(cohort[100:])

    def busy(_):
        if (one := next(waiting, None)) is not None:
            post(service, one)
            project(service)

    last = rebuild(service.store, inbound_adapters(), dict, busy)
    project(service)
    assert service.store.records.checkpoint() >= last > 100
    generation = service.store.projections.checkpoint().generation
    again = service.store.projections.begin().generation
    project(service, generation=again)
    assert dump(service, generation) == dump(service, again)


def test_several_projectors_at_once_take_each_statement_once(service):
    post(service, *statements(300))
    workers = [
        threading.Thread(target=project, args=(service,), kwargs={"batch": 7}) for _ in range(3)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    generation = service.store.projections.begin().generation
    project(service, generation=generation)
    assert dump(service, 1) == dump(service, generation)
