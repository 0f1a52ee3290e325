"""Reads `<env>.imageInfra.parameters.json`."""

from typing import Final

from configuration.checking.findings import Findings
from configuration.checking.source_file import SourceFile
from configuration.infrastructure_shape import ImageDefinitionShape, InfrastructureFile
from models.configuration import Environment, ImageDefinition, Infrastructure
from models.message import JsonObject
from models.source_image import PurchasePlan

DEFAULT_CONTAINER: Final = "aibscripts"
_IMAGES: Final = ("parameters", "acgParam", "value", "images")


def read_infrastructure(
    source: SourceFile, findings: Findings, environment: Environment | None
) -> Infrastructure | None:
    """Return the infrastructure of an environment, or None where its file has faults or the environment is unknown."""
    shape = findings.validate(source, InfrastructureFile)
    if shape is None:
        return None
    parameters = shape.parameters
    images = parameters.acg_param.value.images
    known: set[str] = set()
    for index, image in enumerate(images):
        if image.name.lower() in known:
            findings.faults.append(
                source.fault((*_IMAGES, index, "name"), f"the name {image.name} has been given before", "another name")
            )
        known.add(image.name.lower())
    if parameters.msi_role_assignment_param:
        findings.remarks.append(
            source.remark(
                ("parameters", "msiRoleAssignmentParam", "value", "roleDefinitionIdOrName"),
                "this role is not assigned on the subscription: the identity gets what it needs, on the scripts' "
                "container and the gallery",
                "nothing: the parameter can be left out",
            )
        )
    if environment is None:
        return None
    location = parameters.location.value if parameters.location else environment.location
    if location != environment.location:
        findings.faults.append(
            source.fault(
                ("parameters", "location", "value"),
                f"the environment's location is {environment.location} in pipeline.json",
                f"{environment.location}, or leave it out",
            )
        )
    blob_services = parameters.sa_param.value.blob_services
    containers = (blob_services.containers if blob_services else None) or []
    return Infrastructure(
        resource_group=parameters.rg_param.value.name,
        location=location,
        storage_account=parameters.sa_param.value.name,
        containers=tuple(container.name for container in containers) or (DEFAULT_CONTAINER,),
        identity=parameters.msi_param.value.name,
        gallery=parameters.acg_param.value.name,
        image_definitions=tuple(_image_definition(image) for image in images),
    )


def _image_definition(shape: ImageDefinitionShape) -> ImageDefinition:
    plan = None
    if shape.plan_name and shape.product_name and shape.plan_publisher_name:
        plan = PurchasePlan(name=shape.plan_name, product=shape.product_name, publisher=shape.plan_publisher_name)
    security_type = None if shape.security_type == "Standard" else shape.security_type
    return ImageDefinition(
        name=shape.name,
        os_type=shape.os_type,
        hyper_v_generation=shape.hyper_v_generation,
        architecture=shape.architecture,
        security_type=security_type,
        plan=plan,
        tags=shape.tags or {},
        arm_properties=_arm_properties(shape, security_type, plan),
    )


def _arm_properties(shape: ImageDefinitionShape, security_type: str | None, plan: PurchasePlan | None) -> JsonObject:
    optional = {
        "features": [{"name": "SecurityType", "value": security_type}] if security_type else None,
        "purchasePlan": plan.to_payload() if plan else None,
        "description": shape.description,
        "eula": shape.eula,
        "privacyStatementUri": shape.privacy_statement_uri,
        "releaseNoteUri": shape.release_note_uri,
        "endOfLifeDate": shape.end_of_life,
        "disallowed": {"diskTypes": shape.excluded_disk_types} if shape.excluded_disk_types else None,
    }
    return {
        "osType": shape.os_type,
        "osState": shape.os_state,
        "hyperVGeneration": shape.hyper_v_generation,
        "architecture": shape.architecture,
        "identifier": {"publisher": shape.publisher, "offer": shape.offer, "sku": shape.sku},
        "recommended": {
            "vCPUs": {"min": shape.min_recommended_vcpus, "max": shape.max_recommended_vcpus},
            "memory": {"min": shape.min_recommended_memory, "max": shape.max_recommended_memory},
        },
        **{key: value for key, value in optional.items() if value},
    }
