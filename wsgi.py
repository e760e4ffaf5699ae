"""The entry point for WSGI servers; settings come from the environment."""

from lrs.app import create_app

app = create_app()
