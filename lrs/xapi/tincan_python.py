"""TinCan for Python 1.0.0, a client in use that two rules of xAPI would keep out.

It is told by what it leaves out: it sends neither `Accept` nor `User-Agent`.
"""

from __future__ import annotations

from flask import request


def is_asking() -> bool:
    """Tell whether the request comes from TinCan for Python.

    It has no way to send `If-None-Match`, so it may make new profiles without (where there is one
    already it is told so like all others), and it fails on an `about` that names a version which
    it does not know.
    """
    return "Accept" not in request.headers and "User-Agent" not in request.headers
