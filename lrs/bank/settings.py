"""What the bank's processes are told by their environment."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from lrs.settings import SettingsError


@dataclass(frozen=True, kw_only=True)
class BankSettings:
    """`url` is the bank's base address and issuer name, `clients` the address or file of each
    client's JWK set by client id.
    """

    data: Path
    url: str
    clients: Mapping[str, str]

    def to_environment(self) -> dict[str, str]:
        """Return the variables that `from_environment` reads."""
        return {
            "LRS_BANK_DATA": str(self.data.absolute()),
            "LRS_BANK_URL": self.url,
            "LRS_BANK_CLIENTS": json.dumps(dict(self.clients)),
        }

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> BankSettings:
        """Read what `to_environment` wrote. Raises SettingsError."""
        try:
            return cls(
                data=Path(environment["LRS_BANK_DATA"]),
                url=environment["LRS_BANK_URL"],
                clients=json.loads(environment["LRS_BANK_CLIENTS"]),
            )
        except (KeyError, ValueError) as error:
            raise SettingsError(f"the bank is started by `lrs bank`; {error} is missing") from error
