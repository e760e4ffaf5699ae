"""The page of a trainer in a room without a network: it installs itself on the phone.

The page itself holds nothing of anybody and is open to all, so that it can be kept and shown
without a network; what it hands in is signed by the device (docs/devices.md).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
from flask import Response, jsonify, render_template, url_for
from flask.typing import ResponseReturnValue

from lrs.achievements.evaluate import leaves
from lrs.console.frame import Pages
from lrs.console.language import chosen_language, in_language
from lrs.console.language import gettext as _
from schemas.units import Attended, Examined, Unit

WORKER_POLICY = "default-src 'none'; connect-src 'self'"
"""A service worker fetches under the policy of its own script."""


def install(pages: Pages) -> None:
    """Add the page, what a browser needs to install it, and the courses it offers."""
    store = pages.service.store

    @pages.public("/attendance/")
    def attendance() -> ResponseReturnValue:
        return render_template("attendance.html")

    @pages.public("/attendance/manifest.webmanifest")
    def attendance_manifest() -> ResponseReturnValue:
        icons = [
            {
                "src": url_for("console.static", filename=f"icon-{size}.png"),
                "sizes": f"{size}x{size}",
                "type": "image/png",
                "purpose": "any maskable",
            }
            for size in (192, 512)
        ]
        manifest = {
            "name": _("Attendance"),
            "short_name": _("Attendance"),
            "lang": chosen_language().replace("_", "-"),
            "start_url": url_for("console.attendance"),
            "scope": url_for("console.attendance"),
            "display": "standalone",
            "background_color": "#f4f6f8",
            "theme_color": "#10263a",
            "icons": icons,
        }
        return Response(msgspec.json.encode(manifest), content_type="application/manifest+json")

    @pages.public("/attendance/worker.js")
    def attendance_worker() -> ResponseReturnValue:
        response = pages.blueprint.send_static_file("attendance/worker.js")
        response.headers["Content-Security-Policy"] = WORKER_POLICY
        return response

    @pages.route("/attendance/courses", "trainer", "registrar")
    def attendance_courses() -> ResponseReturnValue:
        units = [unit for unit in store.units.all() if unit.effective.until is None]
        courses = dict(found for unit in units for found in _recorded(unit))
        definitions = store.statements.definitions(courses)
        return jsonify(
            [
                {"id": activity, "name": _name(definitions.get(activity)) or title}
                for activity, title in courses.items()
            ]
        )


def _recorded(unit: Unit) -> Iterator[tuple[str, str]]:
    """The activities of a unit's rule that a trainer records, with the unit's title."""
    for leaf in leaves(unit.rule):
        if isinstance(leaf, Attended | Examined) and leaf.activity:
            yield leaf.activity, in_language(unit.title) or unit.code


def _name(definition: bytes | None) -> str | None:
    told: dict[str, Any] = msgspec.json.decode(definition) if definition else {}
    return in_language(told.get("name"))
