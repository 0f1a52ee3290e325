"""Decides which Azure resources a stage's infrastructure is made of."""

from dataclasses import dataclass

from models.configuration import StagePlan
from models.resources import (
    BlobContainer,
    Gallery,
    GalleryImageDefinition,
    ManagedIdentity,
    ResourceGroup,
    StorageAccount,
)


@dataclass(frozen=True)
class StageResources:
    """The resources of one environment; the first container holds the scripts."""

    group: ResourceGroup
    account: StorageAccount
    containers: tuple[BlobContainer, ...]
    identity: ManagedIdentity
    gallery: Gallery
    image_definitions: tuple[GalleryImageDefinition, ...]


def stage_resources(plan: StagePlan) -> StageResources:
    """Return the resources that the operator's infrastructure file describes, in the environment's subscription."""
    subscription_id, infrastructure = plan.environment.subscription_id, plan.infrastructure
    place = {
        "subscription_id": subscription_id,
        "resource_group": infrastructure.resource_group,
        "location": infrastructure.location,
    }
    account = StorageAccount(**place, name=infrastructure.storage_account)
    gallery = Gallery(**place, name=infrastructure.gallery)
    return StageResources(
        group=ResourceGroup(
            subscription_id=subscription_id, name=infrastructure.resource_group, location=infrastructure.location
        ),
        account=account,
        containers=tuple(BlobContainer(account=account, name=name) for name in infrastructure.containers),
        identity=ManagedIdentity(**place, name=infrastructure.identity),
        gallery=gallery,
        image_definitions=tuple(
            GalleryImageDefinition(
                gallery=gallery,
                name=definition.name,
                properties=definition.arm_properties,
                tags=definition.tags,
            )
            for definition in infrastructure.image_definitions
        ),
    )


def image_builder_identity(plan: StagePlan) -> ManagedIdentity:
    """Return the identity that the image template names; it may lie in another resource group."""
    template = plan.image_template
    return ManagedIdentity(
        subscription_id=plan.environment.subscription_id,
        resource_group=template.identity_resource_group,
        name=template.identity_name,
        location=template.location,
    )
