"""`python -m local.durable_backend`: serves until SIGTERM; one JSON line on standard output tells the address."""

import argparse
import json
import logging
import signal
import sys
from pathlib import Path

from local.durable_backend.kept_histories import KeptHistories
from local.durable_backend.server import LONGEST_HISTORY, DurableBackend


def main() -> None:
    """Serve until SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser(prog="python -m local.durable_backend", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0: any")
    parser.add_argument("--max-history", type=int, default=LONGEST_HISTORY, help="events of one orchestration")
    parser.add_argument("--histories", type=Path, help="folder that keeps the histories of what has ended")
    options = parser.parse_args()
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname)-7s %(name)s: %(message)s", stream=sys.stderr
    )
    logging.getLogger("durabletask").setLevel(logging.WARNING)
    endings = {signal.SIGTERM, signal.SIGINT}
    # Blocked before the threads start, so that only the waiting below sees them.
    signal.pthread_sigmask(signal.SIG_BLOCK, endings)
    histories = KeptHistories(options.histories) if options.histories else None
    backend = DurableBackend(options.max_history, histories).start(options.port)
    print(json.dumps({"address": backend.address}), flush=True)
    signal.sigwait(endings)
    backend.stop()


if __name__ == "__main__":
    main()
