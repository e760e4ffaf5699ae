"""Whether a ledger still holds what was promised: the tie between a restore and the world.

Whoever was given a checkpoint was promised that the log goes on from it. A backup is older than
what was promised last; the entries signed in between would be lost.
"""

from __future__ import annotations

from collections.abc import Iterable

from lrs.ledger.checkpoints import Checkpoint
from lrs.ledger.merkle import Frontier, leaf_hash
from lrs.ledger.monitor import decode_seen
from lrs.ledger.notes import NoteError, VerifierKey, open_note
from lrs.store.ledger import Ledger

_ENTRIES_AT_A_TIME = 1000


class Loss(Exception):
    """The ledger lacks entries that were signed; the text tells how many."""


class OtherHistory(Exception):
    """The ledger is not one that what was promised could be of; the text tells why."""


def read_promise(content: str) -> str:
    """Return the signed checkpoint in a file: itself, or the state file of a monitor.

    Raises NoteError.
    """
    if content.lstrip().startswith("{"):
        try:
            content = decode_seen(content.encode()).note
        except ValueError as error:
            raise NoteError(f"no checkpoint and no monitor's state: {error}") from None
    Checkpoint.parse(content.partition("\n\n")[0] + "\n")
    return content


def hold(ledger: Ledger, promised: Iterable[str]) -> int:
    """Recompute the ledger from its entries and hold it against signed checkpoints, its own among
    them; return how many entries it has.

    Raises OtherHistory for a different or damaged one, Loss for one that has fewer entries.
    """
    own = ledger.checkpoint()
    notes = [*promised, *([own.note] if own is not None else [])]
    keys = [VerifierKey.parse(key.key) for key in ledger.known_keys()]
    heads = [(Checkpoint.parse(note.partition("\n\n")[0] + "\n"), note) for note in notes]
    roots, size = _roots(ledger, {head.size for head, _ in heads})
    if own is not None and own.size != size:
        raise OtherHistory(f"the ledger has {size} entries and signed {own.size}")
    missing = max((head.size for head, _ in heads), default=0) - size
    for head, note in heads:
        if head.size > size:
            continue
        if roots[head.size] != head.root:
            raise OtherHistory(
                f"the first {head.size} entries are not those that were signed: another history"
            )
        try:
            open_note(note, keys)
        except NoteError as error:
            raise OtherHistory(
                f"the checkpoint of {head.size} entries is not signed by this ledger: {error}"
            ) from error
    if missing > 0:
        raise Loss(
            f"{missing} signed entries of the ledger are lost: {size + missing} were promised and "
            f"{size} are here"
        )
    return size


def _roots(ledger: Ledger, sizes: set[int]) -> tuple[dict[int, bytes], int]:
    """The root at each of the sizes that are reached, and how many entries there are."""
    frontier = Frontier()
    roots = {0: frontier.root()}
    while entries := ledger.entries(frontier.size, _ENTRIES_AT_A_TIME):
        for entry in entries:
            frontier.append(leaf_hash(entry))
            if frontier.size in sizes:
                roots[frontier.size] = frontier.root()
    return roots, frontier.size
