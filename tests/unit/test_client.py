"""The generated client, used as its users do, and held against the description."""

import re

import requests
from requests.adapters import BaseAdapter

from lrs.client import ApiError, LrsClient
from lrs.client.generate import TARGET, description, generated
from tests.unit.test_enterprise import World


class InProcess(BaseAdapter):
    """Sends requests to the application in this process."""

    def __init__(self, app):
        super().__init__()
        self._client = app.test_client()

    def send(self, request, **_rest):
        answer = self._client.open(
            request.path_url,
            method=request.method,
            headers=dict(request.headers),
            data=request.body,
        )
        made = requests.Response()
        made.status_code = answer.status_code
        made.headers.update(answer.headers)
        made._content = answer.data
        return made

    def close(self):
        pass


def client_of(app, secret="s3cret"):
    session = requests.Session()
    session.mount("http://localhost", InProcess(app))
    return LrsClient("http://localhost", key="admin", secret=secret, session=session)


def test_from_an_organisation_to_its_employees_achievements(tmp_path):
    world = World(tmp_path)
    client = client_of(world.app)
    client.put_organisations_organisation("acme", {"kind": "enterprise", "name": "ACME"})
    persona = world.personas["li"]
    client.post_organisations_organisation_employments(
        "acme", {"items": [{"persona": persona, "since": "2020-01-01"}]}
    )
    client.post_organisations_organisation_consents(
        "acme", {"items": [{"persona": persona, "level": "achievements", "evidence": "f"}]}
    )
    world.achieve("li")
    page = client.get_enterprise_achievements(organisation="acme", unit="U1")
    assert [one["persona"] for one in page["items"]] == [persona]
    changes = client.get_enterprise_achievements_changes(organisation="acme")
    assert not changes["more"]
    assert persona.encode() in client.get_enterprise_export(organisation="acme", format="ndjson")
    try:
        client_of(world.app, "wrong").get_me()
    except ApiError as error:
        assert (error.status, error.problem["status"]) == (401, 401)
    else:
        raise AssertionError("a wrong secret was taken")
    world.service.close()


def test_the_client_has_no_operation_that_is_gone():
    """What was added since is there after `make client`; what is there must still be there."""
    made, kept = (
        operations(text) for text in (generated(description()), TARGET.read_text("utf-8"))
    )
    assert not kept - made, f"run `make client`: {sorted(kept - made)[:5]} are gone"


def operations(text):
    return set(re.findall(r"^    def (\w+)\(", text, re.MULTILINE))
