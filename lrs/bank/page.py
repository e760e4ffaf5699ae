"""The bank's page: what it holds, newest first, in English or Chinese."""

from __future__ import annotations

import base64
import binascii
from datetime import UTC, datetime

from flask import Response, render_template, request

from lrs.bank.claims import (
    ALREADY_CREDITED,
    NO_ACCOUNT,
    NOT_RECOGNISED,
    OTHER_CREDITS,
    OUT_OF_LEVELS,
    REASONS,
    TOO_MANY_CREDITS,
)
from lrs.bank.store import BankStore
from lrs.problems import Problem

PAGE_SIZE = 50
POLICY = (
    "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)

TEXTS = {
    "en": {
        "title": "Credit Bank (sandbox)",
        "intro": "What this bank holds, newest first. A sandbox: give it made-up people only.",
        "empty": "Nothing has been claimed yet.",
        "received": "Received",
        "learner": "Learner",
        "unit": "Unit",
        "level": "Level",
        "credits": "Credits",
        "institution": "Institution",
        "decision": "Decision",
        "record": "Record",
        "client": "Client",
        "accepted": "accepted",
        "rejected": "rejected",
        "older": "Older",
        "newest": "Newest",
        "withdrawn": "withdrawn",
        **{reason: reason for reason in REASONS},
    },
    "zh-CN": {
        "title": "学分银行（沙箱）",
        "intro": "本行收到的学分申报，最新的在前。这是沙箱，请只使用虚构的人员。",
        "empty": "尚无申报。",
        "received": "收到时间",
        "learner": "学习者",
        "unit": "认证单元",
        "level": "级别",
        "credits": "学分",
        "institution": "申报机构",
        "decision": "结果",
        "record": "银行记录号",
        "client": "客户端",
        "accepted": "已接受",
        "rejected": "已拒绝",
        "older": "更早的",
        "newest": "最新的",
        OUT_OF_LEVELS: "认证单元级别不在 1 到 10 之间",
        TOO_MANY_CREDITS: "认证单元超过 30 学分",
        ALREADY_CREDITED: "该学习者已获得此单元学分",
        NOT_RECOGNISED: "认证单元不在本行目录中",
        OTHER_CREDITS: "认证单元的级别或学分与本行目录不符",
        NO_ACCOUNT: "本行没有该姓名的学习者账户",
        "withdrawn": "已撤回",
    },
}


def render(store: BankStore) -> Response:
    """Return the page that the request asks for. Raises Problem for a cursor of another make."""
    language = request.accept_languages.best_match(TEXTS) or "en"
    cursor = request.args.get("cursor")
    entries = store.newest(PAGE_SIZE + 1, None if cursor is None else _number(cursor))
    shown = entries[:PAGE_SIZE]
    page = render_template(
        "page.html",
        language=language,
        texts=TEXTS[language],
        entries=shown,
        older=_cursor(shown[-1].seq) if len(entries) > PAGE_SIZE else None,
        first=cursor is None,
        moment=lambda seconds: datetime.fromtimestamp(seconds, UTC),
    )
    return Response(
        page,
        headers={
            "Content-Type": "text/html; charset=utf-8",
            "Content-Language": language,
            "Content-Security-Policy": POLICY,
            "Vary": "Accept-Language",
            "Cache-Control": "no-store",
            "Referrer-Policy": "no-referrer",
        },
    )


def _cursor(seq: int) -> str:
    return base64.urlsafe_b64encode(f"before {seq}".encode()).decode().rstrip("=")


def _number(cursor: str) -> int:
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        word, number = base64.b64decode(padded, b"-_", validate=True).decode("ascii").split(" ")
        if word == "before" and number.isdecimal() and len(number) < 19:
            return int(number)
    except (ValueError, binascii.Error):
        pass
    raise Problem(400, "The cursor is not one of this page; start again at /.")
