"""All pages of the console."""

from __future__ import annotations

from flask import Blueprint

from lrs.console import attendance, catalogue, learners, officer, overview, statements, verify
from lrs.console.frame import Pages
from lrs.service import Service


def blueprint(service: Service) -> Blueprint:
    """Return the pages."""
    pages = Pages(service)
    for noun in (overview, statements, learners, officer, attendance, catalogue, verify):
        noun.install(pages)
    return pages.blueprint
