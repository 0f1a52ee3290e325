"""The application settings: read once, at the first use, from the environment that the Functions host gives."""

from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import AliasChoices, Field, FilePath, HttpUrl
from pydantic_settings import BaseSettings, SettingsConfigDict

from configuration.checking.texts import Guid

APP_FOLDER = Path(__file__).parent.parent


class Settings(BaseSettings):
    """What an operator sets on the function app.

    The identity is found by azure-identity's own variables (`AZURE_CLIENT_ID` for a user-assigned one).
    """

    model_config = SettingsConfigDict(frozen=True, extra="ignore")

    arm_endpoint: HttpUrl = Field(
        default=HttpUrl("https://management.azure.com"),
        validation_alias="ARM_ENDPOINT",
        description="Azure Resource Manager; another one for sovereign clouds.",
    )
    ca_bundle: FilePath | None = Field(
        default=None,
        validation_alias="CA_BUNDLE",
        description="PEM file of the certificate authorities to trust, where a proxy inspects TLS.",
    )
    app_blob_endpoint: HttpUrl = Field(
        validation_alias=AliasChoices("AzureWebJobsStorage__blobServiceUri", "AZUREWEBJOBSSTORAGE__BLOBSERVICEURI"),
        description="Blob endpoint of the function app's own storage account: holds the records and the uploads.",
    )
    authentication_is_on: bool = Field(
        default=False,
        validation_alias="WEBSITE_AUTH_ENABLED",
        description="Set by the platform where App Service authentication is on: then the caller's app roles count.",
    )
    parameters_folder: Path = Field(
        default=APP_FOLDER / "parameters",
        validation_alias="PARAMETERS_FOLDER",
        description="Folder of pipeline.json and the parameter files.",
    )
    customization_folder: Path = Field(
        default=APP_FOLDER / "customization",
        validation_alias="CUSTOMIZATION_FOLDER",
        description="Folder of the customization scripts that come with the app.",
    )
    custom_roles: dict[Literal["imageVersionWriter", "managedImageWriter", "subnetJoiner"], Guid] = Field(
        default_factory=dict,
        validation_alias="CUSTOM_ROLES",
        description=(
            "GUIDs of the custom roles that the deployment made for Azure Image Builder, as a JSON object by their "
            "keys in `policies/access/rights.json`; for one that is missing a wider built-in role is given."
        ),
    )
    upload_quiet_seconds: float = Field(
        default=60,
        ge=0,
        le=3600,
        validation_alias="UPLOAD_QUIET_SECONDS",
        description="How long no script may have been uploaded before a run builds with the uploaded ones, in seconds.",
    )


class TelemetrySettings(BaseSettings):
    """Where the app tells what happens. The variables are the platform's and OpenTelemetry's own.

    The exporters read the rest of theirs by themselves; without any of these nothing is sent.
    """

    model_config = SettingsConfigDict(frozen=True, extra="ignore")

    application_insights: str | None = Field(
        default=None,
        validation_alias="APPLICATIONINSIGHTS_CONNECTION_STRING",
        description="Application Insights: traces, metrics and log lines are sent there.",
    )
    otlp_endpoint: str | None = Field(
        default=None,
        validation_alias="OTEL_EXPORTER_OTLP_ENDPOINT",
        description="A collector that speaks OTLP over HTTP: traces, metrics and log lines are sent there.",
    )
    service_name: str = Field(
        default="image-bakery",
        validation_alias=AliasChoices("OTEL_SERVICE_NAME", "WEBSITE_SITE_NAME"),
        description="What the app is called in its telemetry; where it is not set, the function app's name.",
    )


@cache
def settings() -> Settings:
    """Return the settings of this process; raises pydantic's ValidationError that names each wrong one."""
    return Settings()  # pyright: ignore[reportCallIssue]  # every value comes from the environment
