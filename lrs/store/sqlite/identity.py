"""Identities in SQLite."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import msgspec
from msgspec.structs import replace

from lrs.records.identity import persona_of
from lrs.records.identity_links import (
    act_of_deciding,
    act_of_proposing,
    check_personas,
    check_undone,
    decided,
    merged_by_roster,
    transferring,
    undoing,
)
from lrs.store.projections import ALWAYS
from lrs.store.sqlite.database import Database, Transaction
from lrs.store.sqlite.facts import note_act, note_fact
from lrs.store.sqlite.projections import touch_identities
from lrs.store.sqlite.sharing import employ_by_roster, refresh_everywhere, root_of
from schemas.identity import IdentityLink, LinkState, Suggestion

_link = msgspec.json.Decoder(IdentityLink).decode


class SqliteIdentity:
    """Fulfils `lrs.store.identity.Identity`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def propose(self, link: IdentityLink) -> IdentityLink:
        """Propose a link; returns it with its time."""

        def work(tx: Transaction) -> IdentityLink:
            proposed = replace(_completed(tx, link), state="proposed", proposed_at=tx.instant)
            _check(tx, proposed)
            _put(tx, proposed)
            note_act(tx, act_of_proposing(proposed))
            return proposed

        return self._database.write(work)

    def decide(
        self, link: str, principal: str, state: LinkState, reason: str
    ) -> IdentityLink | None:
        """Confirm or refuse what another principal proposed."""

        def work(tx: Transaction) -> IdentityLink | None:
            known = _of_id(tx, link)
            if known is None:
                return None
            ruled = decided(known, principal, state, reason, tx.instant)
            if state == "confirmed":
                _check(tx, ruled)
                _carry_out(tx, ruled)
            _put(tx, ruled)
            note_act(tx, act_of_deciding(ruled))
            return ruled

        return self._database.write(work)

    def link_by_roster(
        self,
        roster: str,
        person: str,
        *,
        identifiers: Sequence[str],
        name: str | None,
        organisations: Sequence[tuple[str, str]] = (),
    ) -> list[IdentityLink]:
        """Merge those who hold the identifiers into who holds the first."""

        def work(tx: Transaction) -> list[IdentityLink]:
            _claim(tx, roster, person, identifiers)
            own = [one for one in identifiers if not _shared(tx, roster, person, one)]
            roots = [_met(tx, identifier, name) for identifier in own]
            made = []
            for root in dict.fromkeys(roots[1:]):
                into, merged = root_of(tx, roots[0]), root_of(tx, root)
                if into == merged or _undone(tx, merged, into):
                    continue
                made.append(_merge_by_roster(tx, roster, merged, into))
            before = _listed(tx, roster, person)
            tx.execute("DELETE FROM employment WHERE roster = ? AND person = ?", (roster, person))
            if roots:
                tx.executemany(
                    "INSERT INTO employment (organisation, name, base, roster, person, "
                    "organisation_name) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
                    [
                        (organisation, name or "", root_of(tx, roots[0]), roster, person, title)
                        for organisation, title in organisations
                    ],
                )
            employ_by_roster(tx, roster, person, before, _listed(tx, roster, person))
            return made

        return self._database.write(work)

    def rosters_followed(self) -> int:
        """Return the seq of the last change of rosters that was followed."""
        row = (
            self._database.read()
            .execute("SELECT seq FROM followed WHERE name = 'rosters'")
            .fetchone()
        )
        return int(row[0]) if row else 0

    def follow_rosters(self, seq: int) -> None:
        """Note that the changes of rosters up to the seq were followed."""
        self._database.write(
            lambda tx: tx.execute(
                "INSERT INTO followed (name, seq) VALUES ('rosters', ?) ON CONFLICT DO UPDATE "
                "SET seq = max(seq, excluded.seq)",
                (seq,),
            )
        )

    def link(self, link: str) -> IdentityLink | None:
        """Return the link."""
        row = (
            self._database.read()
            .execute("SELECT body FROM identity_link WHERE id = ?", (link,))
            .fetchone()
        )
        return _link(row[0]) if row else None

    def links(
        self, after: tuple[int, str] | None, limit: int, state: LinkState | None = None
    ) -> list[IdentityLink]:
        """Return a page of links, those proposed last first."""
        where, values = ["1"], list[Any]()
        if state is not None:
            where.append("state = ?")
            values.append(state)
        if after is not None:
            where.append("(proposed, id) < (?, ?)")
            values += after
        rows = self._database.read().execute(
            f"SELECT body FROM identity_link WHERE {' AND '.join(where)} "  # noqa: S608
            "ORDER BY proposed DESC, id DESC LIMIT ?",
            (*values, limit),
        )
        return [_link(row[0]) for row in rows]

    def history(self, persona: str) -> list[IdentityLink]:
        """Return every confirmed link that reaches the persona, in order of confirmation."""
        found: dict[str, IdentityLink] = {}
        seen: set[str] = set()
        waiting = {persona}
        while waiting:
            one = waiting.pop()
            seen.add(one)
            rows = self._database.read().execute(
                "SELECT body FROM identity_link WHERE persona = ?1 UNION ALL "
                "SELECT body FROM identity_link WHERE other = ?1",
                (one,),
            )
            for link in (_link(row[0]) for row in rows):
                if link.state == "confirmed":
                    found[link.id] = link
                    waiting |= {link.persona, link.other or link.persona} - seen
        return sorted(found.values(), key=lambda link: (link.decided_at or 0, link.id))

    def employers(self, persona: str) -> list[tuple[str, str]]:
        """Return the organisations (id and name) that the persona belongs to."""
        rows = self._database.read().execute(
            "SELECT DISTINCT organisation, organisation_name FROM employment "
            "WHERE base IN (SELECT base FROM holding WHERE persona = ?) ORDER BY 1, 2",
            (persona,),
        )
        return [(organisation, name) for organisation, name in rows]

    def suggestions(self, after: tuple[str, str, str, str] | None, limit: int) -> list[Suggestion]:
        """Return a page of personas that may be one person."""
        rows = self._database.read().execute(
            "SELECT a.organisation, a.name, a.base, b.base, max(a.organisation_name) "
            "FROM employment a JOIN employment b ON b.organisation = a.organisation "
            "AND b.name = a.name AND b.base > a.base "
            "JOIN persona p ON p.id = a.base AND p.merged_into IS NULL "
            "JOIN persona q ON q.id = b.base AND q.merged_into IS NULL "
            "WHERE a.name != '' AND (a.organisation, a.name, a.base, b.base) > (?, ?, ?, ?) "
            "AND NOT EXISTS "
            "(SELECT 1 FROM identity_link l WHERE l.persona IN (a.base, b.base) "
            "AND l.other IN (a.base, b.base)) "
            "GROUP BY a.organisation, a.name, a.base, b.base "
            "ORDER BY a.organisation, a.name, a.base, b.base LIMIT ?",
            (*(after or ("", "", "", "")), limit),
        )
        return [
            Suggestion(
                organisation=organisation,
                name=name,
                persona=persona,
                other=other,
                organisation_name=organisation_name,
            )
            for organisation, name, persona, other, organisation_name in rows
        ]


def _completed(tx: Transaction, link: IdentityLink) -> IdentityLink:
    """Return the link with what follows from the rest of it."""
    if link.kind == "undo":
        return undoing(link, _of_id(tx, link.undoes or ""))
    if link.kind == "transfer":
        return transferring(link, partial(_holder, tx))
    return link


def _check(tx: Transaction, link: IdentityLink) -> None:
    """Raise NotPossible unless the link fits what is now."""
    if link.kind == "undo":
        check_undone(_of_id(tx, link.undoes or ""))
        return
    rows = tx.execute(
        "SELECT id, merged_into FROM persona WHERE id IN (?, ?)", (link.persona, link.other)
    )
    held = tx.execute(
        "SELECT 1 FROM holding WHERE identifier = ? AND since = ?", (link.identifier, link.since)
    )
    handed_over = link.kind == "transfer" and held.fetchone() is not None
    check_personas(link, dict(rows.fetchall()), handed_over=handed_over)


def _carry_out(tx: Transaction, link: IdentityLink) -> None:
    if link.kind == "merge":
        tx.execute("UPDATE persona SET merged_into = ? WHERE id = ?", (link.other, link.persona))
        tx.execute("UPDATE holding SET persona = ? WHERE persona = ?", (link.other, link.persona))
        touch_identities(tx, link.persona)
        refresh_everywhere(tx, link.persona)
        note_fact(tx, "merged", link.persona, {"into": link.other, "link": link.id})
    elif link.kind == "transfer":
        tx.execute(
            "INSERT INTO persona (id, name, named_at) VALUES (?, NULL, 0) ON CONFLICT DO NOTHING",
            (link.other,),
        )
        tx.execute(
            "INSERT INTO holding (identifier, since, base, persona) VALUES (?, ?, ?, ?)",
            (link.identifier, link.since, link.other, link.other),
        )
        touch_identities(tx, link.persona)
        note_fact(tx, "transferred", link.persona, {"to": link.other, "link": link.id})
    else:
        undone = _of_id(tx, link.undoes or "")
        assert undone is not None  # noqa: S101 - `_check` saw it
        _undo(tx, undone)
        _put(tx, replace(undone, undone_at=tx.instant))


def _undo(tx: Transaction, link: IdentityLink) -> None:
    assert link.other is not None  # noqa: S101 - a merge and a transfer have one
    root = root_of(tx, link.other)
    if link.kind == "merge":
        tx.execute("UPDATE persona SET merged_into = NULL WHERE id = ?", (link.persona,))
        tx.execute(
            "WITH RECURSIVE part (id) AS (SELECT ?1 UNION "
            "SELECT p.id FROM persona p JOIN part ON p.merged_into = part.id) "
            "UPDATE holding SET persona = ?1 WHERE base IN (SELECT id FROM part)",
            (link.persona,),
        )
    else:
        tx.execute(
            "DELETE FROM holding WHERE identifier = ? AND since = ?", (link.identifier, link.since)
        )
    touch_identities(tx, root)
    refresh_everywhere(tx, root, link.persona)
    note_fact(tx, "unmerged", link.persona, {"from": root, "link": link.id})


def _holder(tx: Transaction, identifier: str, at: int) -> str | None:
    """Return the persona who holds an identifier at a time of events."""
    row = tx.execute(
        "SELECT persona FROM holding WHERE identifier = ? AND since <= ? "
        "ORDER BY since DESC LIMIT 1",
        (identifier, at),
    ).fetchone()
    return row[0] if row else None


def _met(tx: Transaction, identifier: str, name: str | None) -> str:
    """Return who holds an identifier now; a persona that is new has the roster's name."""
    held = _holder(tx, identifier, 1 << 62)
    if held is not None:
        return held
    persona = persona_of(identifier)
    tx.execute(
        "INSERT INTO persona (id, name, named_at) VALUES (?, ?, 0) ON CONFLICT DO NOTHING",
        (persona, name),
    )
    tx.execute(
        "INSERT INTO holding (identifier, since, base, persona) VALUES (?, ?, ?, ?)",
        (identifier, ALWAYS, persona, persona),
    )
    return persona


def _undone(tx: Transaction, persona: str, other: str) -> bool:
    """Tell whether people took a merge of the two back."""
    row = tx.execute(
        "SELECT 1 FROM identity_link WHERE persona IN (?1, ?2) AND other IN (?1, ?2) "
        "AND json_extract(CAST(body AS TEXT), '$.undone_at') IS NOT NULL",
        (persona, other),
    ).fetchone()
    return row is not None


def _listed(tx: Transaction, roster: str, person: str) -> set[tuple[str, str]]:
    """Return the organisations that a roster lists a person in, each with the persona."""
    return set(
        tx.execute(
            "SELECT organisation, base FROM employment WHERE roster = ? AND person = ?",
            (roster, person),
        )
    )


def _claim(tx: Transaction, roster: str, person: str, identifiers: Sequence[str]) -> None:
    """Keep which identifiers the roster gives to the person."""
    tx.execute("DELETE FROM roster_identifier WHERE roster = ? AND person = ?", (roster, person))
    tx.executemany(
        "INSERT INTO roster_identifier (roster, identifier, person) VALUES (?, ?, ?) "
        "ON CONFLICT DO NOTHING",
        [(roster, identifier, person) for identifier in identifiers],
    )


def _shared(tx: Transaction, roster: str, person: str, identifier: str) -> bool:
    """Tell whether the roster gives the identifier to another person as well."""
    row = tx.execute(
        "SELECT 1 FROM roster_identifier WHERE roster = ? AND identifier = ? AND person != ?",
        (roster, identifier, person),
    ).fetchone()
    return row is not None


def _merge_by_roster(tx: Transaction, roster: str, persona: str, into: str) -> IdentityLink:
    link = merged_by_roster(roster, persona, into, tx.instant)
    _carry_out(tx, link)
    _put(tx, link)
    note_act(tx, act_of_deciding(link))
    return link


def _of_id(tx: Transaction, link: str) -> IdentityLink | None:
    row = tx.execute("SELECT body FROM identity_link WHERE id = ?", (link,)).fetchone()
    return _link(row[0]) if row else None


def _put(tx: Transaction, link: IdentityLink) -> None:
    tx.execute(
        "INSERT INTO identity_link (id, state, persona, other, proposed, body) "
        "VALUES (?, ?, ?, ?, ?, ?) "
        "ON CONFLICT (id) DO UPDATE SET state = excluded.state, body = excluded.body",
        (
            link.id,
            link.state,
            link.persona,
            link.other,
            link.proposed_at,
            msgspec.json.encode(link),
        ),
    )
