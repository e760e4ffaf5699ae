"""Receivers put in place: their settings checked, all that is verified claimed there."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from adapters.claim_mapping import MappingError, read_mapping
from lrs.store.exchange import KnownReceiver
from lrs.store.store import Store
from schemas.audit import Act
from schemas.receivers import ReceiverSettings

NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?")


class SettingsFault(ValueError):
    """Settings that cannot be; the message names the place."""


def checked_settings(content: object) -> dict[str, Any]:
    """Return a receiver's settings as they are kept. Raises SettingsFault."""
    try:
        settings = msgspec.convert(content, ReceiverSettings)
        if settings.mapping is not None:
            read_mapping(settings.mapping)
    except (msgspec.ValidationError, MappingError) as error:
        raise SettingsFault(str(error)) from error
    kept: dict[str, Any] = msgspec.to_builtins(settings)
    return kept


def put_receiver(store: Store, receiver: KnownReceiver, act: Act) -> None:
    """Add a receiver, or change the one of that name; all that is verified is claimed there."""
    store.exchange.put_receiver(receiver)
    store.audit.note(act)
    store.achievements.mark_achieved()
