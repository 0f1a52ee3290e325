"""Starts a whole stack and stops it again."""

import secrets
import sys
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from azure.storage.blob import BlobServiceClient

from configuration.reading import read_configuration
from local.azurite import APP_ACCOUNT, PACKAGE, POOL, azurite_command, azurite_environment, new_account_key
from local.certificates import local_certificates, trust_bundle
from local.processes import PROJECT, PartFailedError, Processes
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

    Without `identity_endpoint`, a given `arm_endpoint` is used with the operator's own sign-in.
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


class StackError(Exception):
    """A stack cannot be started or found; the message says why and what to do."""


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
    except PartFailedError as error:
        _stop(folder, processes)
        raise StackError(str(error)) from error
    except BaseException:
        _stop(folder, processes)
        raise
    stack.write(folder)
    return stack


def _stop(folder: Path, processes: Processes) -> None:
    processes.stop()
    for name in (NAME, HOST_SETTINGS):
        (folder / name).unlink(missing_ok=True)


def _start(folder: Path, processes: Processes, options: StackOptions) -> Stack:
    subscriptions = _subscriptions(options)
    certificates = local_certificates(folder)
    account_key = new_account_key()
    backend = processes.start("durable-backend", _module("local.durable_backend"))
    blobs = None
    if options.blob_endpoint is None:
        if not PACKAGE.is_dir():
            raise StackError("Azurite is not installed; `make setup` does it.")
        blobs = processes.start("azurite", azurite_command(certificates), azurite_environment(account_key))
    azurite_url = blobs.ready(r"successfully listens on (https://\S+)") if blobs else None

    arm = None
    if options.arm_endpoint is None:
        command = _module(
            "local.simulated_azure",
            *("--certificate", str(certificates.certificate), "--private-key", str(certificates.private_key)),
            *("--ca-file", str(certificates.ca_file), "--build-seconds", str(options.build_seconds)),
            *("--subscriptions", ",".join(dict.fromkeys(subscriptions.values()))),
            *(("--blob-endpoint", azurite_url, "--blob-accounts", ",".join(POOL)) if azurite_url else ()),
        )
        arm = processes.start("simulated-azure", command)
    said: JsonObject = arm.announced() if arm else {"arm": {"url": options.arm_endpoint}, "identity": {}}
    arm_url: str = said["arm"]["url"]
    identity = IdentityPart(
        endpoint=options.identity_endpoint or said["identity"].get("endpoint"),
        header=options.identity_header or said["identity"].get("header"),
    )
    is_all_local = arm is not None and blobs is not None
    bundle = trust_bundle(folder, certificates.ca_file, others=options.ca_file, system=not is_all_local)
    blob = _blob_part(options, azurite_url, account_key, blobs.process.pid if blobs else None)
    _make_containers(blob, bundle)

    address = backend.announced()["address"]
    keys = {name: secrets.token_urlsafe(24) for name in ("FUNCTION", "MASTER", "SYSTEM")}
    environment = {
        **{f"LOCAL_{name}_KEY": key for name, key in keys.items()},
        "ARM_ENDPOINT": arm_url,
        "CA_BUNDLE": str(bundle),
        # As on App Service with sign-in: whoever calls may say who has signed in, since nothing stands in between.
        "WEBSITE_AUTH_ENABLED": "true",
        "PARAMETERS_FOLDER": str(options.parameters.resolve()),
        "AzureWebJobsStorage__blobServiceUri": blob.url,
        **({"IDENTITY_ENDPOINT": identity.endpoint} if identity.endpoint else {}),
        **({"IDENTITY_HEADER": identity.header} if identity.header else {}),
    }
    settings = HostSettings(app_folder=options.app_folder.resolve(), backend=address, environment=environment)
    settings.write(folder)
    host = processes.start("functions-host", settings.command(options.port), environment)
    return Stack(
        functions=FunctionsPart(
            url=host.announced()["url"],
            function_key=keys["FUNCTION"],
            master_key=keys["MASTER"],
            system_key=keys["SYSTEM"],
            pid=host.process.pid,
        ),
        arm=ArmPart(url=arm_url, pid=arm.process.pid if arm else None),
        identity=identity,
        blob=blob,
        durable=DurablePart(address=address, pid=backend.process.pid),
        ca_file=str(bundle),
        subscriptions=subscriptions,
    )


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


def _blob_part(options: StackOptions, azurite_url: str | None, account_key: str, pid: int | None) -> BlobPart:
    if options.blob_endpoint is not None:
        url = options.blob_endpoint.rstrip("/")
        parts = urlsplit(url)
        # https://127.0.0.1:10000/account names the account by its path, https://account.blob.… by its host.
        account = parts.path.strip("/") or parts.netloc.partition(".")[0]
        return BlobPart(url=url, account=account, connection_string=None, pid=None)
    url = f"{azurite_url}/{APP_ACCOUNT}"
    connection = (
        f"DefaultEndpointsProtocol=https;AccountName={APP_ACCOUNT};AccountKey={account_key};BlobEndpoint={url};"
    )
    return BlobPart(url=url, account=APP_ACCOUNT, connection_string=connection, pid=pid)


def _make_containers(blob: BlobPart, bundle: Path) -> None:
    """Make the containers of our own account, as a deployment does; one that was given has them."""
    if blob.connection_string is None:
        return
    with BlobServiceClient.from_connection_string(blob.connection_string, connection_verify=str(bundle)) as client:
        for name in CONTAINERS:
            client.create_container(name)
