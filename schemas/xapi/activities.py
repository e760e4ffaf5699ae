"""Rules for Activities and their definitions (1.0.3 part two 2.4.4.1; 2.0.0 4.2.2.4)."""

from __future__ import annotations

from msgspec import UNSET, UnsetType

from schemas.xapi.errors import RuleBroken, shown
from schemas.xapi.model import Activity, ActivityDefinition, InteractionComponent
from schemas.xapi.strings import check_extensions, check_iri, check_language_map

COMPONENTS = ("choices", "scale", "source", "target", "steps")

COMPONENTS_OF: dict[str | UnsetType, frozenset[str]] = {
    "choice": frozenset({"choices"}),
    "sequencing": frozenset({"choices"}),
    "likert": frozenset({"scale"}),
    "matching": frozenset({"source", "target"}),
    "performance": frozenset({"steps"}),
}
"""Which lists of components go with which interactionType; the others take none."""


def check_activity(activity: Activity, path: str) -> None:
    """An activity with an IRI as id and a definition that holds."""
    check_iri(activity.id, f"{path}.id")
    if activity.definition is not UNSET:
        check_definition(activity.definition, f"{path}.definition")


def check_definition(definition: ActivityDefinition, path: str) -> None:
    """Language maps, IRIs, and the components that go with the interaction type."""
    check_language_map(definition.name, f"{path}.name")
    check_language_map(definition.description, f"{path}.description")
    if definition.type is not UNSET:
        check_iri(definition.type, f"{path}.type")
    if definition.more_info is not UNSET:
        check_iri(definition.more_info, f"{path}.moreInfo")
    check_extensions(definition.extensions, f"{path}.extensions")
    kind = definition.interaction_type
    if kind is UNSET and definition.correct_responses_pattern is not UNSET:
        raise RuleBroken(
            f"{path}.interactionType", "must be there where there is a correctResponsesPattern"
        )
    for name in COMPONENTS:
        components: list[InteractionComponent] | UnsetType = getattr(definition, name)
        if components is UNSET:
            continue
        if kind is UNSET:
            raise RuleBroken(f"{path}.interactionType", f"must be there where there are {name}")
        if name not in COMPONENTS_OF.get(kind, ()):
            raise RuleBroken(f"{path}.{name}", f"does not go with interactionType {kind!r}")
        _check_components(components, f"{path}.{name}")


def _check_components(components: list[InteractionComponent], path: str) -> None:
    seen = set()
    for index, component in enumerate(components):
        if component.id in seen:
            raise RuleBroken(
                f"{path}[{index}].id", f"must be unique in its list, {shown(component.id)} is not"
            )
        seen.add(component.id)
        check_language_map(component.description, f"{path}[{index}].description")
