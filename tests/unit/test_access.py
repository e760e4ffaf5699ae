"""Every route of the application, asked by everybody: each gets in by their own door only."""

import uuid

import pytest

from lrs.app import create_app
from lrs.background import projection_steps
from lrs.records.identity import persona_of
from lrs.settings import Settings
from schemas.audit import Act
from schemas.people import Person
from schemas.principals import ROLES
from schemas.sources import SCOPES
from tests.unit.access_table import ANSWERS, CLIENTS, DOORS, OPEN, Scopes
from tests.unit.test_problems import has_chinese
from tests.unit.test_statement_resource import signed_in
from tests.unit.test_statement_rules import with_

ACT = Act(principal="test", action="test", subject="test")
MARK = "WangOfTheOtherTenant"
OWN_NAME = "LiNaOfTheOwnTenant"
OWN, OTHER = (persona_of(f"mbox:mailto:{one}@x.example") for one in (OWN_NAME, MARK))
"""In the name and the identifiers of everything that is the other tenant's."""

ENDS = ("POST /sign-out", "POST /account/sessions/end")
"""End the session of whoever asks."""


class Asker:
    """Sends requests as one principal would: by a session, a key, or not signed in at all."""

    def __init__(self, app, role=None, scopes=None, persona=OWN):
        self.service = app.extensions["lrs"]
        self.client = app.test_client()
        self.headers, self.auth = {}, None
        if role is not None:
            self._start_session(app, role, persona)
        if scopes is not None:
            key = uuid.uuid4().hex
            _, secret = self.service.credentials.issue(
                name=key, key=key, provenance="server", scopes=scopes
            )
            self.auth = (key, secret)

    def _start_session(self, app, role, persona):
        person = Person(
            id=uuid.uuid4().hex,
            name=uuid.uuid4().hex,
            display_name=role,
            roles=(role,),
            organisation="own" if role in ("enterprise", "auditor") else None,
            persona=persona if role == "learner" else None,
        )
        self.service.store.people.add(person, ACT)
        browsers = self.service.browsers
        self.service.store.sessions.start(browsers._hash(person.id), f"person:{person.id}", ACT)
        cookie = f"{browsers.cookie}={person.id}"
        with app.test_request_context("/", headers={"Cookie": cookie}):
            self.headers["X-CSRF-Token"] = browsers.csrf_token()
        self.client.set_cookie(browsers.cookie, person.id)

    def __call__(self, method, url):
        version = {"X-Experience-API-Version": "2.0.0"} if url.startswith("/xapi/") else {}
        return self.client.open(
            url,
            method=method,
            auth=self.auth,
            headers={"Accept-Language": "zh-CN", **self.headers, **version},
        )


def projected(app, names):
    """Make a learner of each name known by a statement; return the ids of their personas."""
    client = signed_in(app, "admin", "s3cret")
    for key, name in names.items():
        actor = {"name": name, "mbox": f"mailto:{key}@x.example"}
        assert client.post("/xapi/statements", json=with_("actor", actor)).status_code == 200
    for step in projection_steps(app.extensions["lrs"]):
        while step():
            pass
    return {key: persona_of(f"mbox:mailto:{key}@x.example") for key in names}


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    folder = tmp_path_factory.mktemp("access")
    app = create_app(Settings(data=folder, public_url="http://localhost"))
    service = app.extensions["lrs"]
    service.credentials.ensure("admin", "s3cret", name="Administrator")
    projected(app, {OWN_NAME: OWN_NAME, MARK: MARK})
    yield app
    app.extensions["lrs"].close()


def routes(app):
    """Every "METHOD rule" of the application."""
    return {
        f"{method} {rule.rule}"
        for rule in app.url_map.iter_rules()
        for method in rule.methods - {"HEAD", "OPTIONS"}
    }


def addresses(app, door):
    """The addresses of a route, its places filled with what is one's own and the other's."""
    rule = door.partition(" ")[2]
    if "<" not in rule:
        return [rule]
    filled = []
    for value in (OWN, OTHER):
        url = rule
        while "<" in url:
            start, _, rest = url.partition("<")
            place, _, end = rest.partition(">")
            url = f"{start}{1 if place.startswith('int:') else value}{end}"
        filled.append(url)
    return filled


def test_every_route_has_a_row_and_every_row_a_route(app):
    missing, stale = routes(app) - DOORS.keys(), DOORS.keys() - routes(app)
    assert not missing, (
        f"\n{sorted(missing)}: add a row for each to DOORS in tests/unit/access_table.py, which "
        "says who may use it; then run this file again"
    )
    assert not stale, f"{sorted(stale)}: no such routes; take their rows out of DOORS"


@pytest.mark.parametrize("role", [None, *ROLES])
def test_each_role_gets_in_where_the_table_says_and_nowhere_else(app, role):
    wrong, asker = [], Asker(app, role)
    for door, who in DOORS.items():
        if isinstance(who, Scopes) or (door not in routes(app)):
            continue
        method = door.partition(" ")[0]
        for url in addresses(app, door):
            if role == "administrator" and "/enterprise/" in url:
                url = f"{url}?organisation=own"  # noqa: PLW2901 - an administrator says as which
            answer = (Asker(app, role) if door in ENDS else asker)(method, url)
            if problem := _fault(door, who, role, url, answer):
                wrong.append(f"{door} ({url}) by {role or 'a stranger'}: {problem}")
            if not told_in_chinese(answer):
                wrong.append(f"{door} ({url}) is not told in Chinese: {answer.text}")
            if role in ("enterprise", "learner") and MARK in answer.text:
                wrong.append(f"{door} ({url}) shows a {role} what is another tenant's")
    assert not wrong, "\n" + "\n".join(wrong)


def told_in_chinese(answer):
    """Whether an answer is none of a problem, or one that is told in Chinese throughout."""
    if answer.mimetype != "application/problem+json":
        return True
    body = answer.json
    texts = [body["title"], body["detail"], *(one["rule"] for one in body.get("errors", ()))]
    return answer.headers["Content-Language"] == "zh-CN" and all(map(has_chinese, texts))


def _fault(door, who, role, url, answer):
    named = who.split()
    if f"{role}@own" in named:
        if OTHER in url:
            # What is sent may be looked at first; nothing of another's is ever shown or done.
            refused = (403, 404) if door.startswith("GET ") else (400, 403, 404)
            return None if answer.status_code in refused else f"{answer.status_code}, not 403"
        named.append(role)
    status = answer.status_code
    if who == OPEN:
        # A form that is not ours is refused, whoever sends it.
        forged = status == 403 and ("/sign-" in door or "/callback" in door)
        return None if forged or (status not in (401, 403) and status < 500) else status
    if who == CLIENTS:
        return None if status in (400, 401, 415) else f"{status}, without a client"
    if role is None:
        if "/api/" in door:
            return None if status == 401 else f"{status}, not 401"
        sent_away = status == 303 and answer.location.startswith("/sign-in")
        return None if sent_away else f"{status}, not the way to /sign-in"
    if role == "administrator" or role in named:
        if status in (401, 403) or status >= 500:
            return f"{status}, and should get in"
        plain = door.startswith("GET ") and "<" not in door
        expected = ANSWERS.get(door, 200)
        allowed = expected if isinstance(expected, tuple) else (expected,)
        return f"{status}, not {expected}" if plain and status not in allowed else None
    return None if status == 403 else f"{status}, not 403"


@pytest.mark.parametrize("scope", [None, *SCOPES])
def test_each_scope_opens_its_own_xapi_resources(app, scope):
    asker = Asker(app, scopes=(scope,) if scope else None)
    wrong = []
    for door, who in DOORS.items():
        if not isinstance(who, Scopes):
            continue
        method, _, url = door.partition(" ")
        status = asker(method, url).status_code
        if scope is None:
            fine = status == 401
        elif scope == "all" or scope in who.names.split():
            fine = status not in (401, 403) and status < 500
        else:
            fine = status == 403
        if not fine:
            wrong.append(f"{door} with {scope}: {status}")
    assert not wrong, "\n" + "\n".join(wrong)


def test_sessions_open_no_xapi_resource(app):
    asker = Asker(app, "administrator")
    for door, who in DOORS.items():
        if isinstance(who, Scopes):
            assert asker(*door.split(" ")).status_code == 401
