"""`python -m local.simulated_azure`: serves until SIGTERM; one JSON line on standard output tells where."""

import argparse
import json
import signal
from pathlib import Path

from local.simulated_azure.pace import Pace
from local.simulated_azure.simulation import Settings, SimulatedAzure


def _names(text: str) -> list[str]:
    return [name for name in text.split(",") if name]


def _settings() -> Settings:
    parser = argparse.ArgumentParser(prog="python -m local.simulated_azure", description=__doc__)
    parser.add_argument("--certificate", type=Path, required=True, help="PEM file, valid for 127.0.0.1")
    parser.add_argument("--private-key", type=Path, required=True, help="PEM file")
    parser.add_argument("--ca-file", type=Path, help="PEM file of the authority behind all certificates")
    parser.add_argument("--subscriptions", type=_names, required=True, help="ids, separated by commas")
    parser.add_argument("--blob-endpoint", help="https://host:port of an Azurite; without it no script is read")
    parser.add_argument("--blob-accounts", type=_names, default=[], help="account names of it, separated by commas")
    parser.add_argument("--blob-front", action="store_true", help="let faults strike what clients ask of blobs, too")
    parser.add_argument("--build-seconds", type=float, default=Pace.build_seconds, help="length of an image build")
    parser.add_argument("--operation-scale", type=float, default=Pace.operation_scale, help="0: all other is immediate")
    parser.add_argument("--port", type=int, default=0, help="of Azure Resource Manager; 0: any")
    parser.add_argument("--identity-port", type=int, default=0, help="of the token endpoint; 0: any")
    given = vars(parser.parse_args())
    pace = Pace(given.pop("build_seconds"), given.pop("operation_scale"))
    return Settings(**given, pace=pace)


def main() -> None:
    """Serve until SIGTERM or SIGINT."""
    endings = {signal.SIGTERM, signal.SIGINT}
    # Blocked before the thread starts, so that only the waiting below sees them.
    signal.pthread_sigmask(signal.SIG_BLOCK, endings)
    with SimulatedAzure(_settings()) as azure:
        identity = {"endpoint": azure.identity_endpoint, "header": azure.identity_header}
        print(
            json.dumps({"arm": {"url": azure.arm_url}, "identity": identity, "blobs": azure.blob_endpoint}), flush=True
        )
        signal.sigwait(endings)


if __name__ == "__main__":
    main()
