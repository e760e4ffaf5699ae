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
        if endpoint == self.endpoint:
            return True
        own = self.endpoint.rpartition(".")[2].removesuffix("_list")
        here = (endpoint or "").rpartition(".")[2]
        return here.startswith(f"{own}_") and here not in OWN_ENTRIES

    def is_for(self, principal: Principal | None) -> bool:
        """Tell whether this principal, None for a stranger, may open the page."""
        if self.roles is None:
            return True
        if principal is None:
            return False
        if self.roles == ("learner",):
            return principal.persona is not None and "learner" in principal.roles
        return principal.holds(*self.roles)


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
            Entry(
                endpoint="console.my_learning",
                label=_("My learning"),
                icon="catalogue",
                roles=("learner",),
            ),
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
        title=_("Records"),
        entries=(
            Entry(
                endpoint="console.imports",
                label=_("Imports"),
                icon="imports",
                roles=("registrar", "trainer"),
            ),
            Entry(
                endpoint="console.devices_list",
                label=_("Devices"),
                icon="phone",
                roles=("registrar",),
            ),
            Entry(
                endpoint="console.identity_list",
                label=_("Identity"),
                icon="identity",
                roles=("registrar",),
            ),
            Entry(
                endpoint="console.organisations_list",
                label=_("Organisations"),
                icon="enterprise",
                roles=("registrar",),
            ),
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
            Entry(
                endpoint="console.claims",
                label=_("Claims"),
                icon="claims",
                roles=("reader", "officer"),
            ),
            Entry(
                endpoint="console.receivers_list",
                label=_("Receivers"),
                icon="bank",
                roles=("reader", "officer"),
            ),
            Entry(
                endpoint="console.units",
                label=_("Units and rules"),
                icon="units",
                roles=STAFF,
            ),
        ),
    ),
    Group(
        title=_("Oversight"),
        entries=(
            Entry(
                endpoint="console.employees",
                label=_("Employees’ achievements"),
                icon="enterprise",
                roles=("enterprise",),
            ),
            Entry(
                endpoint="console.webhooks_list",
                label=_("Webhooks"),
                icon="bell",
                roles=("enterprise",),
            ),
            Entry(
                endpoint="console.auditing",
                label=_("Auditing"),
                icon="auditor",
                roles=("auditor",),
            ),
        ),
    ),
    Group(
        title=_("Operations"),
        entries=(
            Entry(
                endpoint="console.operations",
                label=_("Background and adapters"),
                icon="operations",
                roles=(),
            ),
            Entry(
                endpoint="console.sources_list",
                label=_("Sources and keys"),
                icon="key",
                roles=(),
            ),
            Entry(
                endpoint="console.clients_list",
                label=_("OAuth clients"),
                icon="client",
                roles=(),
            ),
            Entry(
                endpoint="console.people_list",
                label=_("People"),
                icon="learners",
                roles=(),
            ),
            Entry(
                endpoint="console.retention_list",
                label=_("Retention"),
                icon="clock",
                roles=(),
            ),
            Entry(
                endpoint="console.operations_audit_log",
                label=_("Audit log"),
                icon="auditor",
                roles=(),
            ),
        ),
    ),
    Group(
        title=_("For everybody"),
        entries=(
            Entry(endpoint="console.catalogue", label=_("Catalogue"), icon="catalogue", roles=None),
            Entry(endpoint="console.verify", label=_("Verify"), icon="verify", roles=None),
            Entry(endpoint="console.api_reference", label=_("API"), icon="api", roles=None),
            Entry(
                endpoint="console.attendance",
                label=_("Attendance"),
                icon="attendance",
                roles=("trainer", "registrar"),
            ),
        ),
    ),
)

OWN_ENTRIES = {entry.endpoint.rpartition(".")[2] for group in NAVIGATION for entry in group.entries}
"""Pages that stand in the navigation themselves, not below another."""

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


ROLE_RIGHTS: dict[Role, LazyString] = {
    "administrator": _("everything"),
    "officer": _("approves achievements that ask for it"),
    "registrar": _("looks after learners, records and organisations"),
    "trainer": _("records what was done in their courses"),
    "auditor": _("looks at what an engagement allows"),
    "enterprise": _("sees its employees’ achievements, as they consent"),
    "learner": _("sees their own"),
    "reader": _("reads everything, changes nothing"),
}
"""What the holder of a role may."""


def open_to(principal: Principal | None) -> Iterator[Group]:
    """Yield the groups with the entries that a principal, None for a stranger, may open."""
    for group in NAVIGATION:
        entries = tuple(entry for entry in group.entries if entry.is_for(principal))
        if entries:
            yield Group(title=group.title, entries=entries)


def home_of(principal: Principal | None) -> str:
    """Return the endpoint of the first page that a principal may open."""
    return next(open_to(principal)).entries[0].endpoint
