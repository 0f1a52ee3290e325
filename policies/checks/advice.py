"""Decides what an operator can do about a refusal of Azure's, where we know better than its message."""

import re

DEPLOY_FIRST = "If it was never deployed, run once with the scope 'all', which makes what an image build needs."
GIVE_THE_RIGHT = (
    "Give the right that is named to the identity that is named. The app's own come with its deployment "
    "(policies/access/rights.json has them all): deploy the infrastructure again. Those of Azure Image Builder's "
    "identity are given by a run with the scope 'all'."
)
# What of a refusal says that it was a role that could not be given.
OF_GIVING = re.compile("roleAssignments/write", re.IGNORECASE)
GIVE_CONTRIBUTOR = (
    "If the role is Contributor, on a staging resource group, the app gives it only where its deployment has the "
    "parameter ownStagingGroups: deploy so, or give the role by hand, which the next run finds."
)
ADVICE = {
    "ResourceGroupNotFound": DEPLOY_FIRST,
    "ParentResourceNotFound": DEPLOY_FIRST,
    "ResourceNotFound": DEPLOY_FIRST,
    "SubscriptionNotFound": "Correct subscriptionId in pipeline.json, or give the app's identity a role there.",
    "RequestDisallowedByPolicy": "A policy of the subscription forbids it: write what it allows, or ask who keeps it.",
    "QuotaExceeded": "Ask for more quota in this region, or take another vmSize.",
    "PurchasePlanNotProvided": "Put the plan of the source into planInfo and into the image definition.",
    "MissingSubscriptionRegistration": "Register the resource provider in the subscription: az provider register.",
    "InvalidResourceGroupLocation": "Write the location that the resource group has, or another name for the group.",
    "AuthorizationFailed": GIVE_THE_RIGHT,
    "AuthorizationPermissionMismatch": GIVE_THE_RIGHT,
    "LinkedAuthorizationFailed": GIVE_THE_RIGHT,
}


def advice(code: str, message: str) -> str | None:
    """Return what to do about a refusal, or None where Azure's message says it all."""
    told = ADVICE.get(code)
    return f"{told} {GIVE_CONTRIBUTOR}" if told is GIVE_THE_RIGHT and OF_GIVING.search(message) else told
