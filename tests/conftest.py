import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# How fast a machine is decides no test.
settings.register_profile(
    "any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("any machine")

SHARED_DATA = Path(__file__).resolve().parent.parent.parent / "shared" / "data"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """Under CI=true a skip is a failure: what is not run there is not known to work."""
    report = yield
    if report.skipped and os.environ.get("CI") == "true" and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
    return report


def pytest_collection_modifyitems(config, items):
    """Long runs are for `make soak` only."""
    if "soak" in config.getoption("markexpr"):
        return
    config.hook.pytest_deselected(items=[one for one in items if one.get_closest_marker("soak")])
    items[:] = [one for one in items if not one.get_closest_marker("soak")]


@pytest.fixture(scope="session")
def shared_data() -> Path:
    if not SHARED_DATA.is_dir():
        # Not published with the project; with CI=true a skip is a failure.
        pytest.skip(f"the real data is not beside this checkout ({SHARED_DATA.name})")
    return SHARED_DATA
