"""Bringing learners' credentials to the hosts of Open Badges that they chose."""

from __future__ import annotations

import hashlib
import time
import uuid
from collections.abc import Sequence

import msgspec

from adapters.open_badges.host import (
    BadgeHost,
    Client,
    Consent,
    Host,
    Tokens,
    new_state,
    new_verifier,
)
from adapters.outbound import Refused
from adapters.outbound_http import OutboundHttp
from adapters.public_addresses import Network
from lrs.auth.secrets import RootSecret
from lrs.credentials.issuing import Issuing
from lrs.store.achievements import Achievements
from lrs.store.badge_links import HOST, BadgeLinks
from lrs.store.outbox import Delivery
from schemas.audit import Act
from schemas.badge_links import BadgeLink
from schemas.credentials import NotExpressible, text_in
from schemas.texts import Text, text_of

CALLBACK = "/badge-links/callback"
_ACCOUNT = b"badge host accounts"
_LINK = b"badge links "


class _Account(msgspec.Struct, frozen=True):
    host: Host
    client: Client


class BadgeHosts:
    """Asks for consent, and brings credentials. Safe from many threads."""

    def __init__(
        self,
        links: BadgeLinks,
        achievements: Achievements,
        issuing: Issuing,
        root: RootSecret,
        networks: Sequence[Network],
    ) -> None:
        """`networks` are those beside the public addresses that hosts may be in."""
        self._links = links
        self._achievements = achievements
        self._issuing = issuing
        self._root = root
        self._http = OutboundHttp(networks=networks)

    def ask(self, persona: str, host: str, language: str, asked_by: str) -> tuple[BadgeLink, str]:
        """Return a new link and the host's address at which the learner agrees to it.

        Raises Unavailable and Refused (`adapters.outbound`) where the host cannot be spoken to.
        """
        account = self._account(host)
        link = BadgeLink(
            id=str(uuid.uuid4()),
            persona=persona,
            host=host,
            language=language,
            state="asked",
            asked_by=asked_by,
            asked_at=time.time_ns() // 1000,
        )
        state, verifier = new_state(), new_verifier()
        self._links.ask(
            link,
            _hash(state),
            self._root.seal(verifier.encode(), _LINK + link.id.encode()),
            Act(
                principal=asked_by,
                action="badge-link.ask",
                subject=link.id,
                persona=persona,
                detail={"host": host},
            ),
        )
        url = self._speaking_to(host).consent_url(account.host, account.client, state, verifier)
        return link, url

    def answered(self, state: str, code: str | None, principal: str) -> BadgeLink:
        """Take up what the learner came back with from the host; return the link as it is now.

        `code` is None where the learner did not agree. Raises LookupError for a state that this
        principal did not ask under, or that came back before; Unavailable and Refused.
        """
        found = self._links.answered(_hash(state))
        if found is None or found[0].asked_by != principal:
            raise LookupError(Text("nobody asked for this, or it came back before: begin anew"))
        link, sealed = found
        if code is None:
            self._links.end(link.id, "the learner did not agree at the host")
        else:
            verifier = self._root.open(sealed, _LINK + link.id.encode()).decode()
            account = self._account(link.host)
            try:
                tokens = self._speaking_to(link.host).redeem(
                    account.host, account.client, code, verifier
                )
            except Consent as error:
                self._links.end(link.id, str(error))
            else:
                self._links.agree(
                    link.id,
                    self._sealed(link.id, tokens),
                    Act(
                        principal=principal,
                        action="badge-link.agree",
                        subject=link.id,
                        persona=link.persona,
                    ),
                )
        now = self._links.link(link.id)
        assert now is not None  # noqa: S101 - links are never deleted while they are used
        return now

    def present(self, delivery: Delivery) -> None:
        """Bring the credential of the achievement that a delivery is about.

        A link whose consent is over ends. Raises Unavailable and Refused.
        """
        link = self._links.link(delivery.destination.removeprefix(HOST))
        achievement = self._achievements.achievement(delivery.subject)
        sealed = self._links.secret(link.id) if link is not None else None
        if link is None or sealed is None or achievement is None:
            return
        if achievement.state != "verified":
            return
        try:
            issued = self._issuing.issue(achievement, link.language)
        except (NotExpressible, LookupError) as error:
            raise Refused(
                Text("the credential cannot be issued: %(error)s", error=text_of(error))
            ) from error
        account, speaking = self._account(link.host), self._speaking_to(link.host)
        held = msgspec.json.decode(self._root.open(sealed, _LINK + link.id.encode()), type=Tokens)
        try:
            tokens = speaking.renewed(account.host, account.client, held)
            if tokens != held:
                self._links.set_secret(link.id, self._sealed(link.id, tokens))
            speaking.put(tokens, issued.token)
        except Consent as error:
            self._links.end(link.id, str(error))

    def _account(self, host: str) -> _Account:
        """Return our account at the host, registering there on first use."""
        sealed = self._links.account(host)
        if sealed is None:
            speaking = self._speaking_to(host)
            described = speaking.discover()
            issuer = self._issuing.issuer
            client = speaking.register(described, text_in(issuer.name, "en"), issuer.url)
            content = msgspec.json.encode(_Account(described, client))
            sealed = self._links.keep_account(host, self._root.seal(content, _ACCOUNT))
        return msgspec.json.decode(self._root.open(sealed, _ACCOUNT), type=_Account)

    def _speaking_to(self, host: str) -> BadgeHost:
        return BadgeHost(self._http, host, self._issuing.issuer.url + CALLBACK)

    def _sealed(self, link: str, tokens: Tokens) -> bytes:
        return self._root.seal(msgspec.json.encode(tokens), _LINK + link.encode())


def _hash(state: str) -> bytes:
    return hashlib.sha256(state.encode()).digest()
