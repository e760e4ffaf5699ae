"""The store in MongoDB as a whole."""

from __future__ import annotations

from collections import ChainMap
from pathlib import Path

from lrs.store.attachments import Attachments
from lrs.store.import_files import ImportFiles
from lrs.store.mongo import (
    achievements,
    applying,
    badge_links,
    client_keys,
    clients,
    courses,
    credentials,
    devices,
    documents,
    due,
    employment,
    engagements,
    exchange,
    facts,
    figures,
    health,
    identity,
    imports,
    ledger,
    organisations,
    outbox,
    people,
    projections,
    reconciliations,
    records,
    retention,
    rosters,
    sealed,
    sessions,
    settings,
    sharing,
    sources,
    statements,
    units,
    webhooks,
)
from lrs.store.mongo.achievements import MongoAchievements
from lrs.store.mongo.badge_links import MongoBadgeLinks
from lrs.store.mongo.client_keys import MongoClientKeys
from lrs.store.mongo.clients import MongoClients
from lrs.store.mongo.courses import MongoCourses
from lrs.store.mongo.credentials import MongoCredentials
from lrs.store.mongo.database import MongoDatabase
from lrs.store.mongo.devices import MongoDevices
from lrs.store.mongo.documents import MongoDocuments
from lrs.store.mongo.engagements import MongoEngagements
from lrs.store.mongo.erasure import MongoErasure
from lrs.store.mongo.exchange import MongoExchange
from lrs.store.mongo.facts import MongoAudit, MongoFacts
from lrs.store.mongo.figures import MongoFigures
from lrs.store.mongo.health import MongoCopies, MongoHealth
from lrs.store.mongo.identity import MongoIdentity
from lrs.store.mongo.imports import MongoImports
from lrs.store.mongo.ledger import MongoLedger
from lrs.store.mongo.organisations import MongoOrganisations
from lrs.store.mongo.outbox import MongoOutbox
from lrs.store.mongo.people import MongoPeople
from lrs.store.mongo.projections import MongoProjections
from lrs.store.mongo.reconciliations import MongoReconciliations
from lrs.store.mongo.records import MongoRecords
from lrs.store.mongo.retention import MongoRetention
from lrs.store.mongo.rosters import MongoRosters
from lrs.store.mongo.sealed import MongoIdentityDocuments, MongoSealedValues
from lrs.store.mongo.sessions import MongoSessions
from lrs.store.mongo.settings import MongoSettings
from lrs.store.mongo.sources import MongoSources
from lrs.store.mongo.statements import MongoStatements
from lrs.store.mongo.units import MongoEquivalences, MongoUnits
from lrs.store.mongo.webhooks import MongoWebhooks
from lrs.store.store import Store
from lrs.xapi.search_keys import is_of_others, search_keys
from schemas.xapi import merge_definitions, read_statement, same_statement

NOUNS = (
    achievements,
    applying,
    badge_links,
    client_keys,
    clients,
    courses,
    credentials,
    devices,
    documents,
    due,
    engagements,
    employment,
    exchange,
    facts,
    figures,
    health,
    identity,
    imports,
    ledger,
    organisations,
    outbox,
    people,
    projections,
    reconciliations,
    records,
    retention,
    rosters,
    sealed,
    sessions,
    settings,
    sharing,
    sources,
    statements,
    units,
    webhooks,
)

INDEXES = dict(ChainMap(*(dict(noun.INDEXES) for noun in NOUNS)))


class MongoStore(Store):
    """Every noun, over one database; files are in a folder that all machines share."""

    statements: MongoStatements

    def __init__(self, address: str, folder: Path) -> None:
        """Connect to the database, making what is missing in it. Raises StoreError."""
        self.database = database = MongoDatabase(address, INDEXES)
        self.attachments = Attachments(folder / "attachments")
        self.import_files = ImportFiles(folder / "imports")
        self.settings = MongoSettings(database)
        self.facts = MongoFacts(database)
        self.audit = MongoAudit(database)
        self.figures = MongoFigures(database)
        self.statements = MongoStatements(
            database,
            same=same_statement,
            keys=_keys,
            merge=merge_definitions,
        )
        self.documents = MongoDocuments(database)
        self.sources = MongoSources(database)
        self.units = MongoUnits(database)
        self.equivalences = MongoEquivalences(database)
        self.achievements = MongoAchievements(database)
        self.exchange = MongoExchange(database)
        self.outbox = MongoOutbox(database)
        self.credentials = MongoCredentials(database)
        self.badge_links = MongoBadgeLinks(database)
        self.ledger = MongoLedger(database)
        self.reconciliations = MongoReconciliations(database)
        self.webhooks = MongoWebhooks(database)
        self.organisations = MongoOrganisations(database)
        self.erasure = erasure = MongoErasure(database, keys=_keys, keep=is_of_others)
        self.retention = MongoRetention(database, keys=_keys, erasure=erasure)
        self.people = MongoPeople(database)
        self.engagements = MongoEngagements(database)
        self.clients = MongoClients(database)
        self.client_keys = MongoClientKeys(database)
        self.sealed_values = MongoSealedValues(database)
        self.identity_documents = MongoIdentityDocuments(database)
        self.sessions = MongoSessions(database)
        self.projections = MongoProjections(database)
        self.identity = MongoIdentity(database)
        self.records = MongoRecords(database)
        self.courses = MongoCourses(database)
        self.rosters = MongoRosters(database)
        self.imports = MongoImports(database, self.statements)
        self.devices = MongoDevices(database)
        self.health = MongoHealth(database)
        self.copies = MongoCopies(database)

    def now(self) -> int:
        """Return the time in microseconds since the epoch, never before that of any write."""
        return self.database.now()

    def close(self) -> None:
        """Close the connections."""
        self.database.close()


def _keys(body: bytes) -> frozenset[str]:
    return search_keys(read_statement(body))
