"""The front of the blob service: what it passes on is as Azurite says it, and faults strike at it."""

from collections.abc import Iterator

import pytest
from azure.core.exceptions import HttpResponseError, ServiceResponseError
from azure.storage.blob import BlobServiceClient, ContainerClient

from local.simulated_azure import Pace, Settings, SimulatedAzure
from tests.conftest import ACCOUNT_KEY, SUBSCRIPTION, Azurite, Certificates

# Names that an address has to escape.
NAME = "scripts/größer + 100%/ä b.sh"
CONTENT = bytes(range(256)) * 1000


@pytest.fixture(scope="module")
def behind_a_front(certificates: Certificates, azurite: Azurite) -> Iterator[SimulatedAzure]:
    settings = Settings(
        certificate=certificates.certificate,
        private_key=certificates.private_key,
        ca_file=certificates.ca_file,
        subscriptions=[SUBSCRIPTION],
        blob_endpoint=azurite.endpoint,
        blob_front=True,
        pace=Pace(build_seconds=0, operation_scale=0),
    )
    with SimulatedAzure(settings) as server:
        yield server


@pytest.fixture
def container(
    behind_a_front: SimulatedAzure, azurite: Azurite, request: pytest.FixtureRequest
) -> Iterator[ContainerClient]:
    account = azurite.accounts[-1]
    credential = {"account_name": account, "account_key": ACCOUNT_KEY}
    endpoint = f"{behind_a_front.blob_endpoint}/{account}"
    verify = str(azurite.ca_file)
    with BlobServiceClient(endpoint, credential, connection_verify=verify, retry_total=0) as service:
        name = f"front-{abs(hash(request.node.name)):x}"
        with service.create_container(name) as client:
            yield client
            behind_a_front.faults.clear()
            client.delete_container()


def test_what_is_written_through_it_is_read_through_it(container: ContainerClient) -> None:
    container.upload_blob(NAME, CONTENT, metadata={"sha256": "0f"})
    found = container.get_blob_client(NAME).get_blob_properties()
    assert (found.size, found.metadata) == (len(CONTENT), {"sha256": "0f"})
    assert container.download_blob(NAME).readall() == CONTENT
    assert container.download_blob(NAME, offset=1000, length=5).readall() == CONTENT[1000:1005]
    assert [blob.name for blob in container.list_blobs()] == [NAME]


def test_a_fault_strikes_what_is_asked_of_a_blob(container: ContainerClient, behind_a_front: SimulatedAzure) -> None:
    behind_a_front.faults.add("trouble", method="PUT", path="/lost$", troubles=["unavailable"], times=1)
    with pytest.raises(HttpResponseError) as refused:
        container.upload_blob("lost", b"1")
    assert (refused.value.status_code, refused.value.error_code) == (503, "ServerBusy")
    assert [*container.list_blobs()] == []


def test_a_blob_can_be_written_and_the_answer_lost(container: ContainerClient, behind_a_front: SimulatedAzure) -> None:
    behind_a_front.faults.add("trouble", method="PUT", path="/kept$", troubles=["dropped after acting"], times=1)
    with pytest.raises(ServiceResponseError):
        container.upload_blob("kept", b"1")
    assert [blob.name for blob in container.list_blobs()] == ["kept"]
