"""How long it takes from an upload to the image template that brings it to Azure."""

import time
from datetime import UTC, datetime

import httpx
from azure.storage.blob import BlobServiceClient

from cli.bakery_api import BakeryApi
from local.stack import Stack

SCRIPT = "linux/install_powershell.sh"
UPLOADS = 3
# Longer than looks are apart, as the usual window is.
QUIET_SECONDS = 6.0
SETTINGS = {"UPLOAD_QUIET_SECONDS": str(QUIET_SECONDS)}
SECONDS_BETWEEN_LOOKS = 0.2
LONGEST_WAIT_SECONDS = 60.0


def upload_lags(stack: Stack, api: BakeryApi) -> list[float]:
    """Return for each of some uploads the seconds from its end to the PUT of its template, less the quiet window.

    The stack has `SETTINGS`, and its infrastructure is deployed. Earlier templates are removed beforehand: how long
    that takes is Azure's own. The window counts from the time that the storage account tells, which is up to a second
    early: it has no fractions.
    """
    lags: list[float] = []
    blobs = BlobServiceClient.from_connection_string(
        stack.blob.connection_string or "", connection_verify=stack.ca_file
    )
    with blobs, httpx.Client(base_url=f"{stack.arm.url}/_simulation", verify=stack.ca_file) as simulation:
        for number in range(UPLOADS):
            _once_over(api, api.start_run({"image": "linux", "scope": "only-removal"}))
            simulation.delete("/requests").raise_for_status()
            blobs.get_blob_client("uploads", SCRIPT).upload_blob(f"echo {number}\n".encode(), overwrite=True)
            uploaded_at = datetime.now(UTC)
            submitted_at = _once_submitted(simulation)
            lags.append((submitted_at - uploaded_at).total_seconds() - QUIET_SECONDS)
            _once_over(api, api.list_runs(1)[0].id)
    return lags


def _once_submitted(simulation: httpx.Client) -> datetime:
    """Return when the simulated Azure got the new template."""
    give_up = time.monotonic() + LONGEST_WAIT_SECONDS
    while time.monotonic() < give_up:
        answer = simulation.get("/requests", params={"method": "PUT", "path": "/imageTemplates/"})
        if requests := answer.raise_for_status().json()["requests"]:
            return datetime.fromisoformat(requests[0]["time"])
        time.sleep(SECONDS_BETWEEN_LOOKS)
    message = f"No image template was submitted within {LONGEST_WAIT_SECONDS} s of an upload."
    raise TimeoutError(message)


def _once_over(api: BakeryApi, run_id: str) -> None:
    while api.get_run(run_id).ended_at is None:
        time.sleep(SECONDS_BETWEEN_LOOKS)
