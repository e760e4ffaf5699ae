"""A typed client of the REST API, for programs of others and for our own tests.

`generated.py` is made from the OpenAPI description by `make client`; it needs `requests` only.
"""

from lrs.client.generated import ApiError, LrsClient

__all__ = ["ApiError", "LrsClient"]
