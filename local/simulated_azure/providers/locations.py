"""The public regions of Azure, and the location that a new resource is given."""

from typing import Any

from local.simulated_azure.arm.messages import ArmError

# Display name by name.
LOCATIONS = {
    display_name.replace(" ", "").lower(): display_name
    for display_name in (
        *("East US", "East US 2", "Central US", "North Central US", "South Central US", "West Central US"),
        *("West US", "West US 2", "West US 3", "Canada Central", "Canada East", "Mexico Central", "Brazil South"),
        *("North Europe", "West Europe", "UK South", "UK West", "France Central", "Germany West Central"),
        *("Switzerland North", "Sweden Central", "Norway East", "Poland Central", "Italy North", "Spain Central"),
        *("Austria East", "Israel Central", "UAE North", "Qatar Central", "South Africa North"),
        *("Australia East", "Australia Southeast", "New Zealand North", "Japan East", "Japan West", "Korea Central"),
        *("Southeast Asia", "East Asia", "Central India", "South India", "Indonesia Central", "Malaysia West"),
    )
}


def location_of(body: Any) -> str:
    """The location of a request's body, by its name (`West Europe` is `westeurope`).

    Raises:
        ArmError: 400, if there is none or it is no region.
    """
    given: str = body.get("location") or ""
    if not given:
        raise ArmError(400, "LocationRequired", "The location property is required for this definition.")
    name = given.replace(" ", "").lower()
    if name not in LOCATIONS:
        raise ArmError(
            400,
            "LocationNotAvailable",
            f"The provided location '{given}' is not available. List of available regions is '{','.join(LOCATIONS)}'.",
        )
    return name
