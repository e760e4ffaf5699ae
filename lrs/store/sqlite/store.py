"""The embedded store as a whole."""

from __future__ import annotations

from pathlib import Path

from lrs.store.attachments import Attachments
from lrs.store.import_files import ImportFiles
from lrs.store.sqlite.achievements import SqliteAchievements
from lrs.store.sqlite.badge_links import SqliteBadgeLinks
from lrs.store.sqlite.bodies import Bodies
from lrs.store.sqlite.client_keys import SqliteClientKeys
from lrs.store.sqlite.clients import SqliteClients
from lrs.store.sqlite.copies import SqliteCopies
from lrs.store.sqlite.courses import SqliteCourses
from lrs.store.sqlite.credentials import SqliteCredentials
from lrs.store.sqlite.database import Database
from lrs.store.sqlite.devices import SqliteDevices
from lrs.store.sqlite.documents import SqliteDocuments
from lrs.store.sqlite.engagements import SqliteEngagements
from lrs.store.sqlite.erasure import SqliteErasure
from lrs.store.sqlite.exchange import SqliteExchange
from lrs.store.sqlite.facts import SqliteAudit, SqliteFacts
from lrs.store.sqlite.figures import SqliteFigures
from lrs.store.sqlite.health import SqliteHealth
from lrs.store.sqlite.identity import SqliteIdentity
from lrs.store.sqlite.imports import SqliteImports
from lrs.store.sqlite.ledger import SqliteLedger
from lrs.store.sqlite.organisations import SqliteOrganisations
from lrs.store.sqlite.outbox import SqliteOutbox
from lrs.store.sqlite.people import SqlitePeople
from lrs.store.sqlite.projections import SqliteProjections
from lrs.store.sqlite.reconciliations import SqliteReconciliations
from lrs.store.sqlite.records import SqliteRecords
from lrs.store.sqlite.retention import SqliteRetention
from lrs.store.sqlite.rosters import SqliteRosters
from lrs.store.sqlite.sealed import SqliteIdentityDocuments, SqliteSealedValues
from lrs.store.sqlite.sessions import SqliteSessions
from lrs.store.sqlite.settings import SqliteSettings
from lrs.store.sqlite.sources import SqliteSources
from lrs.store.sqlite.statements import SqliteStatements
from lrs.store.sqlite.tombstones import Tombstones
from lrs.store.sqlite.units import SqliteEquivalences, SqliteUnits
from lrs.store.sqlite.webhooks import SqliteWebhooks
from lrs.store.store import Store
from lrs.xapi.search_keys import is_of_others, search_keys
from schemas.xapi import merge_definitions, read_statement, same_statement


class SqliteStore(Store):
    """Every noun of the embedded store, over one database file."""

    def __init__(self, path: Path) -> None:
        """Open the file, making it where it is missing. Raises StoreError."""
        self.database = Database(path)
        self.statements = SqliteStatements(
            self.database,
            same=same_statement,
            keys=lambda body: search_keys(read_statement(body)),
            merge=merge_definitions,
        )
        self.attachments = Attachments(path.parent / "attachments")
        self.documents = SqliteDocuments(self.database)
        self.sources = SqliteSources(self.database)
        self.settings = SqliteSettings(self.database)
        self.projections = SqliteProjections(self.database)
        self.identity = SqliteIdentity(self.database)
        self.records = SqliteRecords(self.database)
        self.courses = SqliteCourses(self.database)
        self.units = SqliteUnits(self.database)
        self.equivalences = SqliteEquivalences(self.database)
        self.achievements = SqliteAchievements(self.database)
        self.exchange = SqliteExchange(self.database)
        self.outbox = SqliteOutbox(self.database)
        self.webhooks = SqliteWebhooks(self.database)
        self.reconciliations = SqliteReconciliations(self.database)
        self.client_keys = SqliteClientKeys(self.database)
        self.sealed_values = SqliteSealedValues(self.database)
        self.identity_documents = SqliteIdentityDocuments(self.database)
        self.badge_links = SqliteBadgeLinks(self.database)
        self.credentials = SqliteCredentials(self.database)
        self.facts = SqliteFacts(self.database)
        self.audit = SqliteAudit(self.database)
        self.imports = SqliteImports(self.database, self.statements)
        self.import_files = ImportFiles(path.parent / "imports")
        self.devices = SqliteDevices(self.database)
        self.rosters = SqliteRosters(self.database)
        self.figures = SqliteFigures(self.database)
        self.health = SqliteHealth(self.database, path)
        self.copies = SqliteCopies(self.database, path)
        self.ledger = SqliteLedger(self.database)
        self.clients = SqliteClients(self.database)
        self.organisations = SqliteOrganisations(self.database)
        self.engagements = SqliteEngagements(self.database)
        tombstones = Tombstones(
            Bodies(self.database), keys=lambda body: search_keys(read_statement(body))
        )
        self.erasure = SqliteErasure(self.database, tombstones, keep=is_of_others)
        self.retention = SqliteRetention(self.database, tombstones, self.attachments, self.erasure)
        self.people = SqlitePeople(self.database)
        self.sessions = SqliteSessions(self.database)

    def now(self) -> int:
        """Return the time in microseconds since the epoch, never before that of any write."""
        return self.database.now()

    def close(self) -> None:
        """Finish what waits to be written and close."""
        self.database.close()
