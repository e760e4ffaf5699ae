"""Time stamps of checkpoints by an outside authority (RFC 3161)."""

from __future__ import annotations

import hashlib
import logging
import time
from importlib import import_module

from adapters.outbound_http import OutboundError, OutboundHttp
from lrs.ledger.notes import parse_note
from lrs.store.ledger import Ledger

EVERY = 60.0
"""Seconds between two time stamps at the least."""

log = logging.getLogger("lrs.ledger")


class Timestamping:
    """Has the newest checkpoint stamped, once in a while. Needs the extra `timestamps`."""

    def __init__(self, ledger: Ledger, url: str, http: OutboundHttp) -> None:
        self._ledger = ledger
        self._url = url
        self._http = http
        self._not_before = 0.0
        self._client = import_module("rfc3161_client")

    def step(self) -> bool:
        """Have the newest checkpoint stamped; False where it is or it is too soon."""
        signed = self._ledger.checkpoint()
        if signed is None or signed.timestamp is not None or time.monotonic() < self._not_before:
            return False
        self._not_before = time.monotonic() + EVERY
        text = parse_note(signed.note).text.encode()
        try:
            self._ledger.add_timestamp(signed.size, self._stamp(text))
        except (OutboundError, ValueError) as error:
            log.warning("the checkpoint was not stamped: %s", error)
        return True

    def _stamp(self, text: bytes) -> bytes:
        builder = self._client.TimestampRequestBuilder()
        algorithm = self._client.HashAlgorithm.SHA256
        request = builder.data(text).hash_algorithm(algorithm).build()
        answer = self._http.request(
            "POST",
            self._url,
            headers={"Content-Type": "application/timestamp-query"},
            body=request.as_bytes(),
        )
        if answer.status != 200:
            raise ValueError(f"{self._url} answered {answer.status}")
        response = self._client.decode_timestamp_response(answer.body)
        info = response.tst_info
        if info.nonce != request.nonce:
            raise ValueError(f"{self._url} answered another request")
        if info.message_imprint.message != hashlib.sha256(text).digest():
            raise ValueError(f"{self._url} stamped something else")
        return answer.body
