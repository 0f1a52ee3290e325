"""The app roles that people and programs who have signed in may hold."""

from enum import StrEnum


class Role(StrEnum):
    """An app role of the registration in Microsoft Entra ID; `policies.access.permissions` says who may do what."""

    READER = "Reader"
    OPERATOR = "Operator"
    APPROVER = "Approver"
