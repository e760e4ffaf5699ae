"""The nouns of the REST API: every module of this room with a function `blueprint`."""

from __future__ import annotations

import pkgutil
from importlib import import_module

import lrs.api
from lrs.api.blueprint import ApiBlueprint
from lrs.service import Service


def api_blueprints(service: Service) -> list[ApiBlueprint]:
    """Return the blueprint of each noun, in the order of their names."""
    modules = (
        import_module(f"lrs.api.{found.name}") for found in pkgutil.iter_modules(lrs.api.__path__)
    )
    return [module.blueprint(service) for module in modules if hasattr(module, "blueprint")]
