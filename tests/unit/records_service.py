"""What tests of records share: a store that statements are posted to and projected from."""

import json
from contextlib import contextmanager

import msgspec

from adapters.inbound import inbound_adapters
from lrs.app import create_app
from lrs.records.projector import Projector
from lrs.settings import Settings
from lrs.store.projections import Scope
from lrs.xapi.statements import store as store_statements
from schemas.xapi import decode_statements

VERSION = "1.0.3"
TABLES = {
    "event": "seq, ordinal, persona, activity, registration, at, voided, left_out, body",
    "record": "persona, activity, registration, state",
    "belonging": "persona, whole, activity, registration, course",
    "satisfied": "persona, registration, course, activity, body",
    "unrecognised": "verb, adapter, count",
}


@contextmanager
def records_service(folder):
    app = create_app(Settings(data=folder, public_url="http://lrs.example"))
    service = app.extensions["lrs"]
    service.app = app
    service.credentials.ensure("admin", "s3cret", name="Administrator")
    try:
        yield service
    finally:
        service.close()


def post(service, *statements):
    received, _ = decode_statements(json.dumps(list(statements)).encode(), VERSION)
    source, _ = service.store.sources.with_key("admin")
    return store_statements(service, source, received, VERSION)


def projector(service, units_of=dict, **rest):
    store = service.store
    return Projector(
        store.statements,
        store.projections,
        store.courses,
        store.sources.all,
        inbound_adapters(),
        units_of=units_of,
        **rest,
    )


def project(service, **rest):
    one = projector(service, **rest)
    while one.step():
        pass


def records(service):
    """All records and what is satisfied, as JSON, by key."""
    found = dict[tuple, bytes]()
    for persona, record in service.store.records.records(None, 100_000):
        key = (persona, record.activity, record.registration or "")
        found[key] = msgspec.json.encode(record)
        scope = Scope(persona, record.registration or "")
        said = service.store.projections.satisfied(
            service.store.projections.checkpoint().generation, scope
        )
        found[tuple(scope)] = msgspec.json.encode(said)
    return found


def dump(service, generation):
    """All rows of a generation, without its number: what has to be equal byte for byte."""
    read = service.store.database.read().execute
    return {
        table: sorted(
            read(f"SELECT {columns} FROM {table} WHERE generation = ?", (generation,)), key=repr
        )
        for table, columns in TABLES.items()
    }
