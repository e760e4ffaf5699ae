"""Who acts at the command line."""

from __future__ import annotations

import getpass

from schemas.audit import Act


def shell_act(action: str, subject: str, **detail: object) -> Act:
    """Return an act of the user of this shell; what is empty in `detail` is left out."""
    return Act(
        principal=f"shell:{getpass.getuser()}",
        action=action,
        subject=subject,
        detail={name: value for name, value in detail.items() if value},
    )
