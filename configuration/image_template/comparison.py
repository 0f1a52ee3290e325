"""Compares an image template, in whichever form it is written, with what it is read against."""

from dataclasses import dataclass

from configuration.checking.findings import Findings
from configuration.checking.source_file import SourceFile
from configuration.image_template.agreement import (
    Disagreement,
    advice,
    definition_disagreements,
    elevation_disagreements,
    environment_disagreements,
    location_disagreements,
    plan_disagreements,
    step_disagreements,
)
from configuration.image_template.arm_properties import script_addresses
from configuration.image_template.composition import Composition, Surroundings
from configuration.image_template.script_references import refer
from configuration.image_template.step_remarks import step_remarks
from models.configuration import Environment, ImageSettings, Infrastructure
from models.image_template import ScriptReference


@dataclass(frozen=True, slots=True)
class Setting:
    """What an image template is read against; `infrastructure` is None where its own file has faults."""

    environment: Environment
    image: ImageSettings
    infrastructure: Infrastructure | None
    customization_files: frozenset[str]


def compare(
    source: SourceFile, findings: Findings, setting: Setting | None, composition: Composition
) -> tuple[ScriptReference, ...]:
    """Compare the ARM properties with each other and with the setting; return the scripts of ours they refer to."""
    properties = composition.properties
    disagreements, advices, scripts = [*elevation_disagreements(properties)], list[Disagreement](), ()
    if setting:
        environment, infrastructure, os_type = setting.environment, setting.infrastructure, setting.image.os_type
        scripts, script_disagreements = _scripts(composition, setting)
        disagreements += [
            *script_disagreements,
            *step_disagreements(properties, os_type),
            *environment_disagreements(properties, environment),
            *definition_disagreements(properties, environment, infrastructure, os_type),
            *plan_disagreements(properties, infrastructure),
            *location_disagreements(properties, environment.location),
        ]
        account = infrastructure.storage_account if infrastructure else None
        advices += [*advice(properties, os_type), *step_remarks(properties, account)]
    findings.faults.extend(source.fault(*each) for each in _in_operator_terms(disagreements, composition))
    findings.remarks.extend(source.remark(*each) for each in _in_operator_terms(advices, composition))
    return scripts


def surroundings_of(setting: Setting | None) -> Surroundings:
    """Return what the other files say that an image template needs to be whole.

    Where they cannot be read, any names stand for theirs, so that the rest can be checked all the same.
    """
    environment, infrastructure = (setting.environment, setting.infrastructure) if setting else (None, None)
    subscription_id = environment.subscription_id if environment else "00000000-0000-0000-0000-000000000000"
    group = infrastructure.resource_group if infrastructure else "any"
    gallery = (
        f"/subscriptions/{subscription_id}/resourceGroups/{group}/providers/Microsoft.Compute/galleries"
        f"/{infrastructure.gallery if infrastructure else 'any'}"
    )
    suited = ["any"]
    if setting and infrastructure:
        suited = [each.name for each in infrastructure.image_definitions if each.os_type == setting.image.os_type]
    return Surroundings(
        subscription_id=subscription_id,
        resource_group=group,
        location=environment.location if environment else "anywhere",
        image_definition_id=f"{gallery}/images/{suited[0]}" if len(suited) == 1 else None,
    )


def _scripts(composition: Composition, setting: Setting) -> tuple[tuple[ScriptReference, ...], list[Disagreement]]:
    """Return the scripts of ours, and the addresses that lead to none."""
    if setting.infrastructure is None:
        return (), []
    found = [
        refer(path, address, setting.infrastructure, setting.image.os_type, setting.customization_files)
        for path, address in script_addresses(composition.properties)
    ]
    scripts = tuple(each for each in found if isinstance(each, ScriptReference))
    return scripts, [each for each in found if isinstance(each, Disagreement)]


def _in_operator_terms(disagreements: list[Disagreement], composition: Composition) -> list[Disagreement]:
    """Return disagreements on the ARM properties with the paths that the operator knows."""
    return [
        each._replace(path=path) for each in disagreements if (path := composition.operator_path(each.path)) is not None
    ]
