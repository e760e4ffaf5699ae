"""Connections to public addresses only, against server-side request forgery.

A name is resolved once, each address is checked, and the connection goes to a checked address:
a name that resolves to something else the second time (DNS rebinding) gains nothing.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Sequence
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import NewConnectionError
from urllib3.util.connection import create_connection

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_NAT64 = ipaddress.ip_network("64:ff9b::/96")


class PrivateAddress(Exception):
    """A host that is, or resolves to, an address that may not be connected to."""


def is_allowed(address: Address, networks: Sequence[Network]) -> bool:
    """Tell whether an address is public, or in one of the `networks`.

    An IPv4 address inside of an IPv6 one (mapped, 6to4, Teredo, NAT64) is what counts.
    """
    inner = _embedded(address)
    if inner is not None:
        return is_allowed(inner, networks)
    if any(address in network for network in networks if network.version == address.version):
        return True
    return address.is_global and not address.is_multicast


def _embedded(address: Address) -> ipaddress.IPv4Address | None:
    if isinstance(address, ipaddress.IPv4Address):
        return None
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    teredo = address.teredo
    return address.ipv4_mapped or address.sixtofour or (teredo[1] if teredo else None)


def checked_address(host: str, port: int, networks: Sequence[Network]) -> str:
    """Return the first address of a host. Raises PrivateAddress where any of them is not allowed,
    OSError where there is none.
    """
    found = socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM)
    addresses = [str(entry[4][0]).partition("%")[0] for entry in found]
    for address in addresses:
        if not is_allowed(ipaddress.ip_address(address), networks):
            raise PrivateAddress(f"at {address}, which is not a public address")
    return addresses[0]


class PublicAddresses(HTTPAdapter):
    """Carries the requests of a `requests` session to allowed addresses."""

    def __init__(self, networks: Sequence[Network]) -> None:
        self._networks = networks
        super().__init__()

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Make the pools whose connections are checked."""
        super().init_poolmanager(*args, **kwargs)
        networks = self._networks

        def connect(connection: HTTPConnection) -> socket.socket:
            try:
                address = checked_address(connection.host, connection.port or 0, networks)
                return create_connection(
                    (address, connection.port or 0),
                    connection.timeout,
                    source_address=connection.source_address,
                    socket_options=connection.socket_options,
                )
            except OSError as error:
                raise NewConnectionError(connection, "no connection") from error

        class Plain(HTTPConnection):
            def _new_conn(self) -> socket.socket:
                return connect(self)

        class Encrypted(HTTPSConnection):
            def _new_conn(self) -> socket.socket:
                return connect(self)

        class PlainPool(HTTPConnectionPool):
            ConnectionCls = Plain

        class EncryptedPool(HTTPSConnectionPool):
            ConnectionCls = Encrypted

        self.poolmanager.pool_classes_by_scheme = {"http": PlainPool, "https": EncryptedPool}
