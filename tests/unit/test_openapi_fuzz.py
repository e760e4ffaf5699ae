"""What is made from the description alone, good and bad, never makes the service fail, and gets no
answer that the description does not have."""

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import status_code_conformance

from lrs.app import create_app
from lrs.settings import Settings

KEY = ("admin", "s3cret")


@schemathesis.serializer("application/jose")
def jose(context, value):
    """What is made for a compact JWS: some text, which no device signed."""
    return value if isinstance(value, bytes) else str(value).encode()


@pytest.fixture(scope="module")
def api(tmp_path_factory):
    folder = tmp_path_factory.mktemp("fuzz")
    app = create_app(Settings(data=folder, public_url="http://localhost", rate_limit=1_000_000))
    app.extensions["lrs"].credentials.ensure(*KEY, name="Administrator")
    yield schemathesis.openapi.from_wsgi("/api/v1/openapi.json", app)
    app.extensions["lrs"].close()


def faults(api, examples, wanted):
    """What goes wrong with so many requests to each operation, as text."""
    found = []
    for result in api.get_all_operations():
        operation = result.ok()
        if not wanted(operation):
            continue

        @settings(
            max_examples=examples,
            deadline=None,
            derandomize=True,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy())
        def probe(case):
            response = case.call(auth=KEY)
            case.validate_response(response, checks=[not_a_server_error, status_code_conformance])

        try:
            probe()
        except (Exception, FailureGroup) as error:  # whatever it is, the others are asked too
            found.append(f"{operation.method.upper()} {operation.path}: {str(error)[:600]}")
    return found


def test_a_few_of_each_read(api):
    wrong = faults(api, 3, lambda operation: operation.method == "get")
    assert not wrong, "\n\n".join(wrong)


@pytest.mark.soak
def test_many_of_every_operation(api):
    wrong = faults(api, 100, lambda operation: True)
    assert not wrong, "\n\n".join(wrong)
