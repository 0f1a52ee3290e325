"""Starts a whole stack and stops it again."""

import json
import secrets
import sys
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from azure.storage.blob import BlobServiceClient

from configuration.reading import read_configuration
from local.app_rights import give_rights
from local.azurite import APP_ACCOUNT, PACKAGE, POOL, azurite_command, azurite_environment, new_account_key
from local.certificates import Certificates, local_certificates, trust_bundle
from local.processes import PROJECT, Part, PartFailedError, Processes
from local.stack_file import (
    HOST_SETTINGS,
    NAME,
    ArmPart,
    BlobPart,
    DurablePart,
    FunctionsPart,
    HostSettings,
    IdentityPart,
    Stack,
)
from models.message import JsonObject

APP_FOLDER = PROJECT
CONTAINERS = ("uploads", "records")


@dataclass(frozen=True)
class StackOptions:
    """How a stack is to be; an endpoint that is given names a part that runs elsewhere, and none is started for it.

    Without `identity_endpoint`, a given `arm_endpoint` is used with the operator's own sign-in. `settings` are
    application settings of the functions app, by name. With `blob_faults`, faults of the simulated Azure strike what is
    asked of blobs too. `histories` is a folder for those of orchestrations that end.
    """

    build_seconds: float = 20.0
    parameters: Path = APP_FOLDER / "parameters"
    app_folder: Path = APP_FOLDER
    port: int = 0
    arm_endpoint: str | None = None
    ca_file: Path | None = None
    identity_endpoint: str | None = None
    identity_header: str | None = None
    blob_endpoint: str | None = None
    blob_faults: bool = False
    settings: Mapping[str, str] = field(default_factory=dict[str, str])
    histories: Path | None = None


class StackError(Exception):
    """A stack cannot be started; the message says why and what to do."""


@contextmanager
def local_stack(folder: Path, options: StackOptions | None = None) -> Generator[Stack]:
    """Start a stack in a folder of its own, and stop what was started at the end."""
    processes = Processes(folder.resolve())
    stack = _start_or_stop(folder.resolve(), processes, options or StackOptions())
    try:
        yield stack
    finally:
        _stop(folder, processes)


def start_stack(folder: Path, options: StackOptions) -> Stack:
    """Start a stack and leave it running; raises StackError, and leaves nothing behind then."""
    return _start_or_stop(folder.resolve(), Processes(folder.resolve()), options)


def stop_stack(folder: Path) -> bool:
    """Stop the stack of a folder; returns whether there was one."""
    processes = Processes(folder.resolve())
    was_running = bool(processes.running())
    _stop(folder, processes)
    return was_running


def _start_or_stop(folder: Path, processes: Processes, options: StackOptions) -> Stack:
    if processes.running():
        raise StackError(f"A stack is running in {folder}; `make down` stops it.")
    folder.mkdir(parents=True, exist_ok=True)
    try:
        stack = _start(folder, processes, options)
        stack.write(folder)
    except PartFailedError as error:
        _stop(folder, processes)
        raise StackError(str(error)) from error
    except BaseException:
        _stop(folder, processes)
        raise
    return stack


def _stop(folder: Path, processes: Processes) -> None:
    processes.stop()
    for name in (NAME, HOST_SETTINGS):
        (folder / name).unlink(missing_ok=True)


def _start(folder: Path, processes: Processes, options: StackOptions) -> Stack:
    subscriptions = _subscriptions(options)
    certificates = local_certificates(folder)
    account_key = new_account_key()
    # What need not wait for another part starts beside it.
    histories = ("--histories", str(options.histories.resolve())) if options.histories else ()
    backend = processes.start("durable-backend", _module("local.durable_backend", *histories))
    azurite = _start_azurite(processes, options, certificates, account_key)
    blobs_url = azurite.ready(r"successfully listens on (https://\S+)") if azurite else None
    azure = _start_simulated_azure(processes, options, certificates, blobs_url, subscriptions)
    is_all_local = azurite is not None and azure is not None
    bundle = trust_bundle(folder, certificates.ca_file, others=options.ca_file, system=not is_all_local)
    if azure and azurite:
        # At a front of Azurite, where there is one.
        blobs_url = azure.announced()["blobs"]
    blob = _blob_part(options, azurite, blobs_url, account_key)
    _make_containers(blob, bundle)
    arm, identity = _azure_parts(options, azure)
    given = give_rights(arm.url, certificates.ca_file, [*dict.fromkeys(subscriptions.values())]) if azure else {}
    durable = DurablePart(address=backend.announced()["address"], pid=backend.process.pid)
    keys = {name: secrets.token_urlsafe(24) for name in ("FUNCTION", "MASTER", "SYSTEM")}
    environment = {
        **{f"LOCAL_{name}_KEY": key for name, key in keys.items()},
        "ARM_ENDPOINT": arm.url,
        "CA_BUNDLE": str(bundle),
        "CUSTOM_ROLES": json.dumps(given),
        "PARAMETERS_FOLDER": str(options.parameters.resolve()),
        "AzureWebJobsStorage__blobServiceUri": blob.url,
        **({"LOCAL_EVENT_SUBSCRIPTIONS_URL": f"{arm.url}/_simulation/event-subscriptions"} if azure else {}),
        **({"IDENTITY_ENDPOINT": identity.endpoint} if identity.endpoint else {}),
        **({"IDENTITY_HEADER": identity.header} if identity.header else {}),
        **options.settings,
    }
    settings = HostSettings(app_folder=options.app_folder.resolve(), backend=durable.address, environment=environment)
    settings.write(folder)
    host = processes.start("functions-host", settings.command(options.port), environment)
    functions = FunctionsPart(
        url=host.announced()["url"],
        function_key=keys["FUNCTION"],
        master_key=keys["MASTER"],
        system_key=keys["SYSTEM"],
        pid=host.process.pid,
    )
    return Stack(
        functions=functions,
        arm=arm,
        identity=identity,
        blob=blob,
        durable=durable,
        ca_file=str(bundle),
        subscriptions=subscriptions,
    )


def _start_azurite(
    processes: Processes, options: StackOptions, certificates: Certificates, account_key: str
) -> Part | None:
    if options.blob_endpoint is not None:
        return None
    if not PACKAGE.is_dir():
        raise StackError("Azurite is not installed; `make setup` does it.")
    return processes.start("azurite", azurite_command(certificates), azurite_environment(account_key))


def _start_simulated_azure(
    processes: Processes,
    options: StackOptions,
    certificates: Certificates,
    blobs_url: str | None,
    subscriptions: dict[str, str],
) -> Part | None:
    if options.arm_endpoint is not None:
        return None
    arguments = [
        *("--certificate", str(certificates.certificate), "--private-key", str(certificates.private_key)),
        *("--ca-file", str(certificates.ca_file), "--build-seconds", str(options.build_seconds)),
        *("--subscriptions", ",".join(dict.fromkeys(subscriptions.values()))),
        *(("--blob-endpoint", blobs_url, "--blob-accounts", ",".join(POOL)) if blobs_url else ()),
        *(("--blob-front",) if blobs_url and options.blob_faults else ()),
    ]
    return processes.start("simulated-azure", _module("local.simulated_azure", *arguments))


def _azure_parts(options: StackOptions, azure: Part | None) -> tuple[ArmPart, IdentityPart]:
    """Return where Azure Resource Manager and its tokens are: the given ones, else those of the simulated Azure."""
    said: JsonObject = azure.announced() if azure else {"arm": {"url": options.arm_endpoint}, "identity": {}}
    identity = IdentityPart(
        endpoint=options.identity_endpoint or said["identity"].get("endpoint"),
        header=options.identity_header or said["identity"].get("header"),
    )
    return ArmPart(url=said["arm"]["url"], pid=azure.process.pid if azure else None), identity


def _module(name: str, *arguments: str) -> list[str]:
    return [sys.executable, "-m", name, *arguments]


def _subscriptions(options: StackOptions) -> dict[str, str]:
    reading = read_configuration(options.parameters, options.app_folder / "customization")
    if reading.pipeline is None:
        faults = "\n".join(
            f"  {fault.file}:{fault.line or 1}: {fault.path} {fault.problem}" for fault in reading.faults
        )
        raise StackError(f"The configuration in {options.parameters} cannot be read:\n{faults}")
    return {environment.name: environment.subscription_id for environment in reading.pipeline.environments}


def _blob_part(options: StackOptions, azurite: Part | None, blobs_url: str | None, account_key: str) -> BlobPart:
    if options.blob_endpoint is not None:
        url = options.blob_endpoint.rstrip("/")
        parts = urlsplit(url)
        # https://127.0.0.1:10000/account names the account by its path, https://account.blob.… by its host.
        account = parts.path.strip("/") or parts.netloc.partition(".")[0]
        return BlobPart(url=url, account=account, connection_string=None, pid=None)
    url = f"{blobs_url}/{APP_ACCOUNT}"
    connection = (
        f"DefaultEndpointsProtocol=https;AccountName={APP_ACCOUNT};AccountKey={account_key};BlobEndpoint={url};"
    )
    pid = azurite.process.pid if azurite else None
    return BlobPart(url=url, account=APP_ACCOUNT, connection_string=connection, pid=pid)


def _make_containers(blob: BlobPart, bundle: Path) -> None:
    """Make the containers of our own account, as a deployment does; one that was given has them."""
    if blob.connection_string is None:
        return
    with BlobServiceClient.from_connection_string(blob.connection_string, connection_verify=str(bundle)) as client:
        for name in CONTAINERS:
            client.create_container(name)
