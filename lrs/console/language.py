"""Which language a page is in, and how it writes times."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from zoneinfo import ZoneInfo

import flask_babel
from flask import Flask, has_request_context, request, session, url_for

from schemas.times import instant_of

LANGUAGES = {"en": "English", "zh_CN": "中文"}

DATA = ("/api/", "/xapi/", "/oauth/")
"""Where programs ask, which have no session."""

TIME_ZONE = "Asia/Shanghai"
"""Pages show times as people at the bank read their clocks."""


def chosen_language() -> str:
    """Return the language of this request: for pages that of `?lang=`, else of an earlier one
    in the same session; else the one that `Accept-Language` asks for; English outside of a request.
    """
    if not has_request_context():
        return "en"
    if request.path.startswith(DATA):
        return _preferred()
    asked = request.args.get("lang", "").replace("-", "_")
    if asked in LANGUAGES:
        if session.get("language") != asked:
            session["language"] = asked
        return asked
    remembered = session.get("language")
    if remembered in LANGUAGES:
        return str(remembered)
    return _preferred()


def _preferred() -> str:
    best = request.accept_languages.best_match(["en", "zh-CN", "zh"])
    return "zh_CN" if best in ("zh-CN", "zh") else "en"


def text_language() -> Literal["en", "zh-CN"]:
    """Return the request's language as texts that are kept in both languages name it."""
    return "zh-CN" if chosen_language() == "zh_CN" else "en"


def in_other_language(code: str) -> str:
    """Return the address of this same page in another language."""
    if request.endpoint is None or request.method != "GET":
        return f"?lang={code}"
    arguments = {**(request.view_args or {}), **request.args.to_dict(), "lang": code}
    return url_for(request.endpoint, **arguments)


def install(app: Flask) -> None:
    """Give the templates their texts in the request's language."""
    flask_babel.Babel(
        app,
        default_locale="en",
        default_timezone=TIME_ZONE,
        locale_selector=chosen_language,
    )
    app.jinja_env.globals["LANGUAGES"] = LANGUAGES
    app.jinja_env.globals["language"] = chosen_language
    app.jinja_env.globals["in_other_language"] = in_other_language


def in_language(texts: dict[str, str] | None) -> str | None:
    """Return the text of a language map in the request's language, or in any that it has."""
    if not texts:
        return None
    wanted = chosen_language().replace("_", "-")
    for tag in (wanted, wanted.partition("-")[0]):
        for found, text in texts.items():
            if found.lower() == tag.lower() or found.lower().startswith(f"{tag.lower()}-"):
                return text
    return next(iter(texts.values()))


def gettext(text: str, **values: object) -> str:
    """Return the text in the request's language, with the values put in by name."""
    return str(flask_babel.gettext(text, **values))


def typed_instant(text: str) -> int:
    """Return the instant (microseconds) of a time that was typed, by default on the clocks that
    pages show. Raises ValueError.
    """
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=ZoneInfo(TIME_ZONE))
    return instant_of(moment)
