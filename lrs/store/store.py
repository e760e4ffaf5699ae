"""The contract of a store as a whole: all nouns, each with a contract of its own."""

from __future__ import annotations

from abc import ABC, abstractmethod

from lrs.store.achievements import Achievements
from lrs.store.attachments import Attachments
from lrs.store.badge_links import BadgeLinks
from lrs.store.client_keys import ClientKeys
from lrs.store.clients import Clients
from lrs.store.copies import Copies
from lrs.store.courses import Courses
from lrs.store.credentials import Credentials
from lrs.store.devices import Devices
from lrs.store.documents import Documents
from lrs.store.engagements import Engagements
from lrs.store.erasure import Erasure
from lrs.store.exchange import Exchange
from lrs.store.facts import Audit, Facts
from lrs.store.figures import Figures
from lrs.store.health import Health
from lrs.store.identity import Identity
from lrs.store.identity_documents import IdentityDocuments
from lrs.store.import_files import ImportFiles
from lrs.store.imports import Imports
from lrs.store.ledger import Ledger
from lrs.store.organisations import Organisations
from lrs.store.outbox import Outbox
from lrs.store.people import People, Sessions
from lrs.store.projections import Projections
from lrs.store.reconciliations import Reconciliations
from lrs.store.records import Records
from lrs.store.retention import Retention
from lrs.store.rosters import Rosters
from lrs.store.sealed import SealedValues
from lrs.store.settings import StoreSettings
from lrs.store.sources import Sources
from lrs.store.statements import Statements
from lrs.store.units import Equivalences, Units
from lrs.store.webhooks import Webhooks


class Store(ABC):
    """Every noun. Safe from many threads and processes."""

    statements: Statements
    documents: Documents
    sources: Sources
    settings: StoreSettings
    projections: Projections
    identity: Identity
    records: Records
    courses: Courses
    units: Units
    equivalences: Equivalences
    achievements: Achievements
    exchange: Exchange
    outbox: Outbox
    webhooks: Webhooks
    reconciliations: Reconciliations
    client_keys: ClientKeys
    sealed_values: SealedValues
    identity_documents: IdentityDocuments
    badge_links: BadgeLinks
    credentials: Credentials
    facts: Facts
    audit: Audit
    imports: Imports
    devices: Devices
    rosters: Rosters
    figures: Figures
    health: Health
    copies: Copies
    ledger: Ledger
    clients: Clients
    organisations: Organisations
    engagements: Engagements
    erasure: Erasure
    retention: Retention
    people: People
    sessions: Sessions
    attachments: Attachments
    import_files: ImportFiles

    @abstractmethod
    def now(self) -> int:
        """Return the time in microseconds since the epoch, never before that of any write."""

    @abstractmethod
    def close(self) -> None:
        """Finish what waits to be written and close."""
