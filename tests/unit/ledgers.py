"""A ledger with facts to append, for the tests around it."""

from lrs.auth.secrets import RootSecret
from lrs.ledger.appender import Appender
from lrs.ledger.committed import Committed
from lrs.ledger.keys import LedgerKeys
from lrs.store.sqlite.facts import note_fact
from lrs.store.sqlite.store import SqliteStore


class LedgerAtWork:
    """A store, facts put into it, and the appender over it."""

    def __init__(self, store, keys):
        self.store, self.keys = store, keys
        self.appender = self.another_appender()

    @classmethod
    def alone(cls, folder):
        return cls.with_secret(SqliteStore(folder / "lrs.db"), RootSecret(bytes(32)))

    @classmethod
    def with_secret(cls, store, secret):
        return cls(store, LedgerKeys(store.ledger, store.settings, secret, "https://lrs.example"))

    @classmethod
    def of(cls, service):
        return cls(service.store, service.ledger_keys)

    def another_appender(self):
        store = self.store
        committed = Committed(store.achievements, store.exchange, store.records, store.statements)
        return Appender(store.facts, store.ledger, committed, self.keys)

    def note(self, number, kind="published"):
        def work(tx):
            for one in range(number):
                note_fact(tx, kind, f"U{one}/1", {"unit": f"U{one}", "version": 1})

        self.store.database.write(work)

    def grow(self, *numbers):
        for number in numbers:
            self.note(number)
            while self.appender.step():
                pass
