"""Run the conformance suite of ADL against a service of its own: `make conformance SUITE=FOLDER`,
on MongoDB with `STORE=mongo`.

The suite is a checkout of adlnet/lrs-conformance-test-suite on which `npm install` was run; see
docs/conformance.md.
"""

import json
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

from tests.acceptance.lrs_process import KEY, SECRET, lrs_process
from tests.mongo_server import mongo_server

VERSIONS = ("1.0.3", "2.0.0")


def main(suite: Path, store: str) -> int:
    """Print a table of the results and what failed; return the exit status."""
    if not (suite / "node_modules").is_dir():
        print(
            f"{str(suite)!r} is no checkout of the suite that is ready to run. Make one:\n"
            "  git clone https://github.com/adlnet/lrs-conformance-test-suite /tmp/suite\n"
            "  cd /tmp/suite && npm install\n"
            "then: make conformance SUITE=/tmp/suite",
            file=sys.stderr,
        )
        return 2
    commit = subprocess.run(
        ["git", "-C", suite, "rev-parse", "--short", "HEAD"],
        capture_output=True,
        text=True,
        check=False,
    ).stdout.strip()
    print(f"adlnet/lrs-conformance-test-suite {commit} on {store}, {datetime.now(UTC):%Y-%m-%d}")
    failed = False
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        options = []
        if store == "mongo":
            options = ["--mongo", stack.enter_context(mongo_server(folder / "mongo")) + "lrs"]
        endpoint = stack.enter_context(lrs_process(folder, *options))
        for version in VERSIONS:
            log = run(suite, endpoint.rstrip("/"), version)
            summary = log["summary"]
            print(f"{version}: {summary['passed']} of {summary['total']} passed", flush=True)
            for requirement in failures(log["log"]):
                print(f"  failed: {requirement}")
            failed |= summary["passed"] != summary["total"]
    return int(failed)


def run(suite: Path, endpoint: str, version: str) -> dict:
    """Run the suite in one version and return the log that it wrote."""
    before = set((suite / "logs").glob("*.log"))
    target = ["-e", endpoint, "-a", "-u", KEY, "-p", SECRET]
    subprocess.run(
        ["node", "bin/console_runner.js", *target, "-x", version],
        cwd=suite,
        stdout=subprocess.DEVNULL,
        check=False,
    )
    (written,) = set((suite / "logs").glob("*.log")) - before
    return json.loads(written.read_bytes())


def failures(test: dict) -> list[str]:
    """Return the titles of the innermost tests that did not pass."""
    inner = [title for one in test["tests"] for title in failures(one)]
    return inner or ([test["title"]] if test["status"] == "failed" else [])


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2]))
