"""The address that a service is given."""

import socket

import click
import pytest

from lrs.web_server import expect_free


def test_an_address_that_another_program_listens_on_is_refused():
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        port = other.getsockname()[1]
        expect_free("127.0.0.1", port)
        other.listen()
        with pytest.raises(click.ClickException, match=f"port {port} already; choose another"):
            expect_free("127.0.0.1", port)
