"""Where telemetry goes: each program is a process of its own, for OpenTelemetry takes one provider for each process."""

import gzip
import json
import os
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from configuration.settings import APP_FOLDER
from tests.whole_app.collector import collector

PROGRAM = """
import logging, sys
from hosting.telemetry import start_telemetry
from models.subject import Subject
from telemetry.metrics import RUN_ENDS
from telemetry.spans import at_work

start_telemetry()
with at_work("get_image_run", Subject(run="r", image="linux", environment="sbx", step="build")):
    logging.getLogger("image_bakery").warning("See https://example.org/a?sig=%s", "secret")
RUN_ENDS.add(image="linux", state="Failed")
print("opentelemetry.exporter" in " ".join(sys.modules) or "azure.monitor" in " ".join(sys.modules))
"""
KEY = "00000000-0000-0000-0000-000000000000"


def run(**settings):
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("OTEL_", "APPLICATION"))}
    quiet = dict.fromkeys(
        ("APPLICATIONINSIGHTS_STATSBEAT_DISABLED_ALL", "APPLICATIONINSIGHTS_SDKSTATS_DISABLED"), "true"
    )
    return subprocess.run(
        [sys.executable, "-c", PROGRAM],
        cwd=APP_FOLDER,
        env=environment | quiet | settings,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )


@pytest.fixture
def insights():
    """An ingestion endpoint of Application Insights that keeps what it is sent."""
    kept = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers.get("Content-Encoding") == "gzip":
                body = gzip.decompress(body)
            kept.extend(json.loads(body))
            answer = json.dumps({"itemsReceived": len(kept), "itemsAccepted": len(kept), "errors": []}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"InstrumentationKey={KEY};IngestionEndpoint=http://127.0.0.1:{server.server_port}/", kept
    server.shutdown()
    server.server_close()
    thread.join(10)


def test_without_a_destination_nothing_is_loaded_or_sent():
    assert run().stdout == "False\n"


def test_application_insights_gets_spans_metrics_and_lines_with_their_dimensions(insights):
    connection_string, kept = insights
    run(APPLICATIONINSIGHTS_CONNECTION_STRING=connection_string, WEBSITE_SITE_NAME="our-app")
    ours = [one for one in kept if "image_bakery" in json.dumps(one["data"])]
    by_kind = {one["data"]["baseType"]: one for one in ours}
    kinds = ("RemoteDependencyData", "MessageData", "MetricData")
    span, line, metric = (by_kind[kind]["data"]["baseData"] for kind in kinds)
    assert (span["name"], span["properties"]["image_bakery.step"]) == ("get_image_run", "build")
    assert line["properties"]["image_bakery.run"] == "r"
    assert line["message"] == "See https://example.org/a?..."
    assert metric["metrics"][0]["name"] == "image_bakery.pipeline_run.ends"
    assert metric["properties"]["image_bakery.state"] == "Failed"
    assert {one["tags"]["ai.cloud.role"] for one in ours} == {"our-app"}
    operations = {by_kind[kind]["tags"]["ai.operation.id"] for kind in ("RemoteDependencyData", "MessageData")}
    assert len(operations) == 1
    assert "secret" not in json.dumps(kept)


def test_a_wrong_connection_string_is_a_line_in_the_log_and_other_destinations_get_all():
    with collector() as collected:
        ended = run(APPLICATIONINSIGHTS_CONNECTION_STRING="nonsense", **collected.settings)
    assert "Nothing is sent by application_insights" in ended.stderr
    assert [span.name for span in collected.spans] == ["get_image_run"]


def test_a_collector_that_does_not_answer_stops_nothing():
    ended = run(OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:9", OTEL_EXPORTER_OTLP_TIMEOUT="1")
    assert ended.stdout == "True\n"
