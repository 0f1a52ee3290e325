"""The simulated Azure as a process of its own."""

import json
import signal
import ssl
import subprocess
import sys
from pathlib import Path

import httpx

CHECKOUT = Path(__file__).parent.parent.parent
SUBSCRIPTION = "33333333-3333-4333-8333-333333333333"


def test_it_tells_its_addresses_serves_and_ends_on_sigterm(certificates) -> None:
    command = [sys.executable, "-m", "local.simulated_azure", "--subscriptions", SUBSCRIPTION, "--build-seconds", "3"]
    https = ["--certificate", certificates.certificate, "--private-key", certificates.private_key]
    with subprocess.Popen([*command, *https], cwd=CHECKOUT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            told = json.loads(process.stdout.readline())
            trust = ssl.create_default_context(cafile=certificates.ca_file)
            with httpx.Client(verify=trust, trust_env=False) as client:
                token = client.get(
                    told["identity"]["endpoint"],
                    params={"resource": "https://management.azure.com", "api-version": "2019-08-01"},
                    headers={"X-IDENTITY-HEADER": told["identity"]["header"]},
                ).json()["access_token"]
                subscriptions = client.get(
                    f"{told['arm']['url']}/subscriptions?api-version=2022-12-01",
                    headers={"Authorization": f"Bearer {token}"},
                ).json()["value"]
                pace = client.get(f"{told['arm']['url']}/_simulation/pace").json()
            assert [subscription["subscriptionId"] for subscription in subscriptions] == [SUBSCRIPTION]
            assert pace["buildSeconds"] == 3
            process.send_signal(signal.SIGTERM)
            assert process.wait(10) == 0
        finally:
            process.kill()
