"""A service for the tests of achievements: units, statements, and the background work done."""

from contextlib import contextmanager

from lrs.achievements.evaluate import activities_of, units_of
from lrs.app import create_app
from lrs.background import projection_steps
from lrs.settings import Settings
from schemas.principals import Principal
from schemas.units import Completed, Unit
from tests.unit.test_statement_resource import signed_in
from tests.unit.test_statement_rules import GOOD, with_

COURSE = GOOD["object"]["id"]
QUIZ = "https://lms.example.edu.cn/mod/quiz/view.php?id=7"


def unit(code="U1", rule=None, **more):
    return Unit(
        **{
            "code": code,
            "version": 1,
            "title": {"en": code, "zh-CN": f"认证单元 {code}"},
            "field": "safety",
            "level": 4,
            "credits": 2,
            "hours": 32,
            "awarding_body": "us",
            "kind": "training",
            "rule": rule or Completed(activity=COURSE),
            **more,
        }
    )


def learner(number, **changes):
    statement = with_("actor.mbox", f"mailto:{number}@example.edu.cn")
    return {**statement, **changes}


class UnitService:
    """The service, its client (an administrator: the source that posts), and what tests ask it."""

    def __init__(self, tmp_path):
        self.app = create_app(Settings(data=tmp_path, public_url="http://lrs.example"))
        self.service = self.app.extensions["lrs"]
        self.store = self.service.store
        self.service.credentials.ensure("lms", "s3cret", name="LMS")
        self.service.credentials.ensure("officer", "s3cret", name="Officer")
        self.lms = signed_in(self.app, "lms", "s3cret")
        self.officer = signed_in(self.app, "officer", "s3cret")

    def publish(self, *units):
        for one in units:
            self.store.units.publish(one, activities_of(one), units_of(one))
        self.settle()

    def post(self, *statements):
        answer = self.lms.post("/xapi/statements", json=list(statements))
        assert answer.status_code == 200, answer.json
        self.settle()
        return answer.json

    def void(self, statement):
        voiding = with_("verb.id", "http://adlnet.gov/expapi/verbs/voided")
        voiding["object"] = {"objectType": "StatementRef", "id": statement}
        self.post(voiding)

    def settle(self):
        steps = projection_steps(self.service)
        while sum(step() for step in steps):
            pass

    def achieved(self):
        return [one for _, one in self.store.achievements.page(None, 100)]

    def states(self):
        return {(one.unit, one.version): one.state for one in self.achieved()}

    def facts(self):
        return [(one.kind, one.body.get("unit")) for one in self.store.facts.after(0, 1000)]

    @contextmanager
    def acting(self, principal, monkeypatch):
        """Answer requests as the principal's."""
        with monkeypatch.context() as patch:
            patch.setattr(self.service, "asking", lambda: principal)
            yield self.app.test_client()


def person(number=1, *roles, **more):
    return Principal(id=f"person:{number}", name=f"P{number}", roles=roles or ("officer",), **more)
