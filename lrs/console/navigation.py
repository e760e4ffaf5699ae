"""Which pages there are, and who finds which of them in the navigation."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from flask_babel import lazy_gettext as _
from flask_babel.speaklater import LazyString

from schemas.principals import Principal, Role


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A page in the navigation, for holders of any of `roles`, for everybody where it is None."""

    endpoint: str
    label: LazyString
    icon: str
    roles: tuple[Role, ...] | None

    def is_here(self, endpoint: str | None) -> bool:
        """Tell whether a request's endpoint is this page or one below it."""
        own, here = self.endpoint.rpartition(".")[2], (endpoint or "").rpartition(".")[2]
        return here == own or here.startswith(f"{own}_")

    def is_for(self, principal: Principal | None) -> bool:
        """Tell whether this principal, None for a stranger, may open the page."""
        if self.roles is None:
            return True
        return principal is not None and principal.holds(*self.roles)


@dataclass(frozen=True, kw_only=True)
class Group:
    """Entries that belong together, under a title."""

    title: LazyString | None
    entries: tuple[Entry, ...]


STAFF: tuple[Role, ...] = ("reader", "officer", "registrar")
"""Who looks at what came in and what became of it."""

NAVIGATION = (
    Group(
        title=None,
        entries=(
            Entry(endpoint="console.overview", label=_("Overview"), icon="overview", roles=STAFF),
            Entry(
                endpoint="console.statements",
                label=_("Statements"),
                icon="statements",
                roles=STAFF,
            ),
            Entry(endpoint="console.learners", label=_("Learners"), icon="learners", roles=STAFF),
        ),
    ),
    Group(
        title=_("Recognition"),
        entries=(
            Entry(
                endpoint="console.officer_queue",
                label=_("Officers’ queue"),
                icon="queue",
                roles=("officer",),
            ),
        ),
    ),
    Group(
        title=_("For everybody"),
        entries=(
            Entry(endpoint="console.catalogue", label=_("Catalogue"), icon="catalogue", roles=None),
        ),
    ),
)

ROLE_NAMES: dict[Role, LazyString] = {
    "administrator": _("administrator"),
    "officer": _("officer"),
    "registrar": _("registrar"),
    "trainer": _("trainer"),
    "auditor": _("auditor"),
    "enterprise": _("enterprise"),
    "learner": _("learner"),
    "reader": _("reader"),
}


def open_to(principal: Principal | None) -> Iterator[Group]:
    """Yield the groups with the entries that a principal, None for a stranger, may open."""
    for group in NAVIGATION:
        entries = tuple(entry for entry in group.entries if entry.is_for(principal))
        if entries:
            yield Group(title=group.title, entries=entries)


def home_of(principal: Principal | None) -> str:
    """Return the endpoint of the first page that a principal may open."""
    return next(open_to(principal)).entries[0].endpoint
