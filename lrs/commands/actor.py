"""Who acts at the command line."""

from __future__ import annotations

import getpass

from schemas.audit import Act


def shell_user() -> str:
    """Return the id of the user of this shell as a principal."""
    return f"shell:{getpass.getuser()}"


def shell_act(action: str, subject: str, *, reason: str = "", **detail: object) -> Act:
    """Return an act of the user of this shell; what is empty in `detail` is left out."""
    return Act(
        principal=shell_user(),
        action=action,
        subject=subject,
        reason=reason,
        detail={name: value for name, value in detail.items() if value},
    )
