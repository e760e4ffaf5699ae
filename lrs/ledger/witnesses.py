"""Witnesses: others who sign our checkpoints once they have seen them grow (C2SP tlog-witness)."""

from __future__ import annotations

import base64
import logging
import time
from collections.abc import Sequence

from adapters.outbound_http import Answer, OutboundError, OutboundHttp
from lrs.ledger.merkle import ProofError
from lrs.ledger.notes import NoteError, Witness, parse_note, parse_signatures, verify
from lrs.ledger.proofs import Proofs
from lrs.store.ledger import Ledger, SignedCheckpoint

PAUSE = 1.0
"""Seconds between two checkpoints that a witness is asked to sign."""

PATIENCE = 30.0
"""Seconds after which a witness that failed is asked again."""

log = logging.getLogger("lrs.ledger")


class Witnessing:
    """Asks the witnesses to sign the newest checkpoint."""

    def __init__(self, ledger: Ledger, witnesses: Sequence[Witness], http: OutboundHttp) -> None:
        self._ledger = ledger
        self._witnesses = witnesses
        self._http = http
        self._seen: dict[Witness, int] = {}
        self._not_before: dict[Witness, float] = {}

    def step(self) -> bool:
        """Ask each witness that has not signed it yet; False where there is none to ask."""
        signed = self._ledger.checkpoint()
        if signed is None:
            return False
        now = time.monotonic()
        due = [
            witness
            for witness in self._witnesses
            if self._not_before.get(witness, 0.0) <= now and not _has_signed(witness, signed)
        ]
        for witness in due:
            self._not_before[witness] = now + PAUSE
            try:
                self._ask(witness, signed)
            except (OutboundError, NoteError, ProofError, ValueError) as error:
                self._not_before[witness] = now + PATIENCE
                log.warning("the witness %s has not signed: %s", witness.key.name, error)
        return bool(due)

    def _ask(self, witness: Witness, signed: SignedCheckpoint) -> None:
        answer = self._post(witness, signed)
        if answer.status == 409:
            self._seen[witness] = int(answer.body.decode("ascii", "replace"))
            if self._seen[witness] > signed.size:
                raise NoteError(
                    f"it has seen {self._seen[witness]} leaves, there are {signed.size}"
                )
            answer = self._post(witness, signed)
        if answer.status != 200:
            raise NoteError(f"it answered {answer.status}")
        text = parse_note(signed.note).text
        lines = [one for one in parse_signatures(answer.body.decode()) if one.is_by(witness.key)]
        for line in lines[:1]:
            verify(text, line, witness.key)
            self._ledger.add_cosignature(signed.size, str(line))
            self._seen[witness] = signed.size
        if not lines:
            raise NoteError("it answered with no signature of its key")

    def _post(self, witness: Witness, signed: SignedCheckpoint) -> Answer:
        old = self._seen.get(witness, 0)
        proof = Proofs(self._ledger).consistency(0, old, signed.size) if old else []
        lines = [f"old {old}\n", *(f"{base64.b64encode(one).decode()}\n" for one in proof)]
        body = "".join([*lines, "\n", signed.note]).encode()
        return self._http.request("POST", f"{witness.url}/add-checkpoint", body=body)


def _has_signed(witness: Witness, signed: SignedCheckpoint) -> bool:
    lines = parse_signatures(signed.cosignatures) if signed.cosignatures else ()
    return any(line.is_by(witness.key) for line in lines)
