"""What the bank is told when it is started."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import msgspec
import yaml

from lrs.bank.dial import Fault
from lrs.settings import SettingsError
from schemas.claims import IdentityDocument, RecognisedUnit

Shape = TypeVar("Shape")


class KnownLearner(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A learner with an account at the bank."""

    account: str
    name: str
    document: IdentityDocument


@dataclass(frozen=True, kw_only=True)
class BankSettings:
    """`url` is the bank's base address and issuer name, `clients` where each client's JWK set,
    secret or certificate is (`lrs.bank.clients`). With a `catalogue` no other unit is credited;
    `learners` can be looked up. `dpop` wants a proof for each token. `faults` and `seed` are how
    the dial stands at the start.
    """

    data: Path
    url: str
    clients: Mapping[str, str]
    catalogue: tuple[RecognisedUnit, ...] | None = None
    learners: tuple[KnownLearner, ...] = ()
    dpop: bool = False
    faults: Mapping[str, Fault] = field(default_factory=dict)
    seed: int = 1


def read_catalogue(path: Path) -> tuple[RecognisedUnit, ...]:
    """Return the units in a YAML or JSON file, by code. Raises SettingsError."""
    units = _read(path, list[RecognisedUnit])
    return tuple(sorted(units, key=lambda unit: unit.code))


def read_learners(path: Path) -> tuple[KnownLearner, ...]:
    """Return the learners in a YAML or JSON file. Raises SettingsError."""
    return tuple(_read(path, list[KnownLearner]))


def _read(path: Path, shape: type[Shape]) -> Shape:
    try:
        return msgspec.convert(yaml.safe_load(path.read_text("utf-8")), shape)
    except (OSError, UnicodeError, yaml.YAMLError, msgspec.ValidationError) as error:
        raise SettingsError(f"{path}: {error}") from error
