"""All pages of the console."""

from __future__ import annotations

from flask import Blueprint

from lrs.console import (
    api_reference,
    attendance,
    auditing,
    catalogue,
    claims,
    clients,
    consents,
    devices,
    employments,
    enterprise,
    identity,
    imports,
    learners,
    my_learning,
    officer,
    operations,
    organisations,
    overview,
    people,
    people_access,
    quarantine,
    receiver_keys,
    receivers,
    retention,
    sources,
    statements,
    units,
    verify,
    webhooks,
)
from lrs.console.frame import Pages
from lrs.service import Service

NOUNS = (
    overview,
    statements,
    learners,
    my_learning,
    consents,
    imports,
    quarantine,
    devices,
    identity,
    organisations,
    employments,
    officer,
    claims,
    receivers,
    receiver_keys,
    units,
    enterprise,
    webhooks,
    auditing,
    attendance,
    catalogue,
    verify,
    api_reference,
    operations,
    sources,
    clients,
    people,
    people_access,
    retention,
)


def blueprint(service: Service) -> Blueprint:
    """Return the pages."""
    pages = Pages(service)
    for noun in NOUNS:
        noun.install(pages)
    return pages.blueprint
