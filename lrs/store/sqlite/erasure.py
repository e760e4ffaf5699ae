"""Erasing a person in SQLite: all tables in one transaction, the pages zeroed."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from lrs.store.anonymous import (
    achievement_of_nobody,
    fact_of_nobody,
    payload_of_nobody,
    renamed,
)
from lrs.store.erasure import Erased, Keep, NotErasable
from lrs.store.sqlite.bodies import Bodies
from lrs.store.sqlite.database import Database, Transaction
from lrs.store.sqlite.facts import note_act, note_fact
from lrs.store.sqlite.import_erasure import forget_rows, require_no_open_files
from lrs.store.sqlite.projections import end_epoch
from lrs.store.sqlite.repacking import retire_dictionaries
from lrs.store.sqlite.sharing import forget
from lrs.store.sqlite.tombstones import Tombstones
from lrs.store.terms import term_of
from schemas.audit import Act
from schemas.texts import Text

_OTHERWISE = frozenset({"achievement", "audit_event", "identity_link"})
"""Tables whose rows of a persona do not simply go; those of every other table do."""

_OF_PERSONA = (
    "SELECT m.name, c.name FROM sqlite_master m JOIN pragma_table_info(m.name) c "
    "WHERE m.type = 'table' AND c.name IN ('persona', 'base')"
)
"""Which tables and columns name a persona: a table that is added is erased without being told."""


class SqliteErasure:
    """Fulfils `lrs.store.erasure.Erasure`.

    `keep` tells which statements are of others.
    """

    def __init__(self, database: Database, tombstones: Tombstones, *, keep: Keep) -> None:
        self._database = database
        self._bodies = Bodies(database)
        self._tombstones = tombstones
        self._keep = keep

    def erase(self, persona: str, act: Act) -> Erased:
        """Erase a persona, with all that are merged into it, and write the fact `erased`."""
        return self._database.write(lambda tx: self.erase_within(tx, persona, act))

    def erase_within(self, tx: Transaction, persona: str, act: Act) -> Erased:
        """Erase a persona in a transaction of another noun, as `erase` does in one of its own."""
        tx.execute("PRAGMA secure_delete = ON")
        tx.execute("PRAGMA defer_foreign_keys = ON")
        names = self._names(tx, persona)
        require_no_open_files(tx)
        borne = self._names_of_nobody_else(tx, names)
        identifiers = self._identifiers(tx, names)
        # A projection that was worked out before must not bring the person back.
        end_epoch(tx)
        statements, mentions, attachments = self._statements(tx, names, identifiers)
        documents = tx.execute(
            "DELETE FROM document WHERE agent IN (SELECT value FROM json_each(?))",
            (json.dumps(identifiers),),
        ).rowcount
        for name in names:
            forget(tx, name)
        for table, column in tx.execute(_OF_PERSONA).fetchall():
            if table not in _OTHERWISE:
                tx.execute(
                    f"DELETE FROM {table} "  # noqa: S608 - names of our own schema
                    f"WHERE {column} IN (SELECT value FROM json_each(?))",
                    (json.dumps(list(names)),),
                )
        self._identity(tx, names, identifiers)
        achievements, claims = self._achievements(tx, names)
        self._trail(tx, [*names, *achievements, *claims], {**names, **achievements})
        rows = forget_rows(tx, statements, identifiers, borne)
        if statements:
            retire_dictionaries(tx)
        erased = Erased(
            personas=names,
            statements=len(statements),
            mentions=mentions,
            documents=documents,
            achievements=len(achievements),
            claims=len(claims),
            import_rows=rows,
            attachments=tuple(sorted(attachments)),
        )
        told = {"statements": len(statements), "achievements": sorted(achievements.values())}
        for new in names.values():
            note_fact(tx, "erased", new, told)
        note_act(tx, msgspec.structs.replace(act, subject=names[persona], persona=names[persona]))
        tx.execute("PRAGMA secure_delete = OFF")
        return erased

    def _names(self, tx: Transaction, persona: str) -> dict[str, str]:
        """Return a new random id for each persona that is this person."""
        row = tx.execute("SELECT merged_into FROM persona WHERE id = ?", (persona,)).fetchone()
        if row is None:
            raise NotErasable(Text("there is no persona %(persona)s", persona=persona))
        if row[0] is not None:
            raise NotErasable(
                Text("the persona is merged into %(other)s: erase that one", other=row[0])
            )
        found = tx.execute(
            "WITH RECURSIVE one (id) AS (VALUES (?) UNION "
            "SELECT p.id FROM persona p JOIN one ON p.merged_into = one.id) SELECT id FROM one",
            (persona,),
        ).fetchall()
        return {row[0]: f"erased-{uuid.uuid4()}" for row in found}

    def _identifiers(self, tx: Transaction, names: Mapping[str, str]) -> list[str]:
        """Return the identifiers that nobody else holds or held."""
        rows = tx.execute(
            "SELECT DISTINCT identifier FROM holding h "
            "WHERE persona IN (SELECT value FROM json_each(?1)) AND NOT EXISTS "
            "(SELECT 1 FROM holding o WHERE o.identifier = h.identifier "
            "AND o.persona NOT IN (SELECT value FROM json_each(?1)))",
            (json.dumps(list(names)),),
        )
        return [row[0] for row in rows]

    def _statements(
        self,
        tx: Transaction,
        names: Mapping[str, str],
        identifiers: Sequence[str],
    ) -> tuple[dict[bytes, int], int, set[str]]:
        """Put tombstones in the places of the person's statements; return them by id, how many
        of others mention the person, and what they had attached.
        """
        seqs = {
            row[0]
            for row in tx.execute(
                "SELECT DISTINCT seq FROM event WHERE generation IN (SELECT id FROM generation) "
                "AND persona IN (SELECT value FROM json_each(?))",
                (json.dumps(list(names)),),
            )
        }
        terms = {term_of(f"agent:{one}") for one in identifiers}
        terms |= {term_of(f"related_agent:{one}") for one in identifiers}
        for term in terms:
            seqs |= {r[0] for r in tx.execute("SELECT seq FROM posting WHERE term = ?", (term,))}
        known, nobody = frozenset(identifiers), next(iter(names.values()))
        erased: dict[bytes, int] = {}
        attachments: set[str] = set()
        mentions = 0
        for seq in sorted(seqs):
            statement_id, packed_by, packed = tx.execute(
                "SELECT id, dictionary, body FROM statement WHERE seq = ?", (seq,)
            ).fetchone()
            body = self._bodies.unpack(packed_by, packed)
            statement: dict[str, Any] = msgspec.json.decode(body)
            if self._keep(statement, known):
                mentions += 1
                continue
            attachments |= {one["sha2"].lower() for one in statement.get("attachments", ())}
            self._tombstones.bury(tx, seq, body, nobody)
            erased[statement_id] = seq
        return erased, mentions, attachments

    def _identity(
        self, tx: Transaction, names: Mapping[str, str], identifiers: Sequence[str]
    ) -> None:
        """Forget links, names and the accounts with which the person signed in."""
        wanted = json.dumps(list(names))
        tx.execute(
            "DELETE FROM roster_identifier WHERE identifier IN (SELECT value FROM json_each(?))",
            (json.dumps(identifiers),),
        )
        tx.execute(
            "DELETE FROM identity_link WHERE persona IN (SELECT value FROM json_each(?1)) "
            "OR other IN (SELECT value FROM json_each(?1))",
            (wanted,),
        )
        tx.execute(
            "DELETE FROM outbox WHERE kind = 'lookup' "
            "AND subject IN (SELECT value FROM json_each(?))",
            (wanted,),
        )
        tx.execute(
            "DELETE FROM rework WHERE subject IN (SELECT value FROM json_each(?))", (wanted,)
        )
        accounts = tx.execute(
            "SELECT id FROM person WHERE json_extract(CAST(body AS TEXT), '$.persona') "
            "IN (SELECT value FROM json_each(?))",
            (wanted,),
        ).fetchall()
        for (account,) in accounts:
            for table in ("recovery_code", "sign_in_link"):
                tx.execute(f"DELETE FROM {table} WHERE person = ?", (account,))  # noqa: S608
            tx.execute("DELETE FROM session WHERE principal = ?", (f"person:{account}",))
            tx.execute("DELETE FROM person WHERE id = ?", (account,))
        tx.execute("DELETE FROM persona WHERE id IN (SELECT value FROM json_each(?))", (wanted,))

    def _achievements(
        self, tx: Transaction, names: Mapping[str, str]
    ) -> tuple[dict[str, str], list[str]]:
        """Give achievements and claims to nobody; return the new ids by the old, and the claims."""
        rows = tx.execute(
            "SELECT id, persona, body FROM achievement "
            "WHERE persona IN (SELECT value FROM json_each(?))",
            (json.dumps(list(names)),),
        ).fetchall()
        new_ids = {row[0]: str(uuid.uuid4()) for row in rows}
        claims: list[str] = []
        for old, persona, body in rows:
            claims += self._claims(tx, old, new_ids[old])
            for table in ("achievement_source", "officer_decision"):
                tx.execute(
                    f"UPDATE {table} SET achievement = ? WHERE achievement = ?",  # noqa: S608
                    (new_ids[old], old),
                )
            tx.execute(
                "UPDATE officer_decision SET reason = '' WHERE achievement = ?", (new_ids[old],)
            )
            tx.execute(
                "UPDATE achievement SET id = ?, persona = ?, body = ? WHERE id = ?",
                (
                    new_ids[old],
                    names[persona],
                    achievement_of_nobody(body, {**names, **new_ids}),
                    old,
                ),
            )
        return new_ids, claims

    def _claims(self, tx: Transaction, old: str, new: str) -> list[str]:
        rows = tx.execute(
            "SELECT id, state, receiver, payload FROM claim WHERE achievement = ?", (old,)
        ).fetchall()
        for claim, state, receiver, payload in rows:
            self._call_back(tx, claim, state)
            if state in ("queued", "sent"):
                tx.execute("UPDATE claim SET state = 'withdrawn' WHERE id = ?", (claim,))
                note_fact(tx, "withdrawn", claim, {"achievement": new, "receiver": receiver})
            tx.execute(
                "UPDATE claim SET achievement = ?, payload = ?, reason = NULL, changed = ? "
                "WHERE id = ?",
                (new, payload_of_nobody(payload, new), tx.instant, claim),
            )
        return [row[0] for row in rows]

    def _call_back(self, tx: Transaction, claim: str, state: str) -> None:
        """Take what waits or was parked out of the outbox. Raises NotErasable for what is out."""
        pending = tx.execute(
            "SELECT parked FROM outbox WHERE subject = ? AND kind IN ('submit', 'withdraw')",
            (claim,),
        ).fetchall()
        if state != "queued" and any(not parked for (parked,) in pending):
            raise NotErasable(
                Text(
                    "the claim %(claim)s is on its way; ask again once it is answered", claim=claim
                )
            )
        tx.execute(
            "DELETE FROM outbox WHERE subject = ? AND kind IN ('submit', 'withdraw')", (claim,)
        )

    def _trail(self, tx: Transaction, subjects: Iterable[str], names: Mapping[str, str]) -> None:
        """Let facts and audit events lead to nobody; that they happened stays."""
        wanted = json.dumps(list(subjects))
        rows = tx.execute(
            "SELECT seq, subject, body FROM fact WHERE subject IN (SELECT value FROM json_each(?))",
            (wanted,),
        ).fetchall()
        for seq, subject, body in rows:
            tx.execute(
                "UPDATE fact SET subject = ?, body = ? WHERE seq = ?",
                (names.get(subject, subject), fact_of_nobody(body, names), seq),
            )
        rows = tx.execute(
            "SELECT seq, subject, persona, detail FROM audit_event "
            "WHERE persona IN (SELECT value FROM json_each(?1))",
            (wanted,),
        ).fetchall()
        tx.executemany(
            "UPDATE audit_event SET subject = ?, persona = ?, detail = ? WHERE seq = ?",
            [
                (names.get(subject, subject), names[persona], renamed(detail, names), seq)
                for seq, subject, persona, detail in rows
            ],
        )

    def _names_of_nobody_else(self, tx: Transaction, personas: Mapping[str, str]) -> set[str]:
        """Return the names of the personas that no other persona bears."""
        wanted = json.dumps(list(personas))
        rows = tx.execute(
            "SELECT name FROM persona p WHERE id IN (SELECT value FROM json_each(?1)) "
            "AND name IS NOT NULL AND NOT EXISTS (SELECT 1 FROM persona o WHERE o.name = p.name "
            "AND o.merged_into IS NULL AND o.id NOT IN (SELECT value FROM json_each(?1)))",
            (wanted,),
        )
        return {row[0] for row in rows}
