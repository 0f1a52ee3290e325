"""What Azure has never answered yet: words that are newer than this version, and answers that are no JSON."""

import ssl
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from aiohttp import web

from activities.image_templates import get_image_run, get_image_template
from azure_clients import image_templates
from azure_clients.connection import AzureClients
from models.errors import AzureUnavailable
from models.image_build import ImageRunState
from models.resources import ImageTemplateReference, ProvisioningState
from tests.conftest import SUBSCRIPTION, Certificates

TEMPLATE = ImageTemplateReference(subscription_id=SUBSCRIPTION, resource_group="rg", name="lin-1")


@pytest.fixture
async def strange_azure(certificates: Certificates, app_identity: None) -> AsyncIterator[Callable[[str], AzureClients]]:
    """Clients of an Azure Resource Manager that gives one answer to everything."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificates.certificate, certificates.private_key)
    said = {"text": ""}

    async def answer(_: web.Request) -> web.Response:
        return web.Response(text=said["text"], content_type="application/json")

    runner = web.ServerRunner(web.Server(answer))
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context)
    await site.start()
    host, port = runner.addresses[0][:2]
    clients = AzureClients(f"https://{host}:{port}", "https://127.0.0.1:1/none", str(certificates.ca_file))

    def answering(text: str) -> AzureClients:
        said["text"] = text
        return clients

    yield answering
    await clients.close()
    await runner.cleanup()


def template(**properties: Any) -> str:
    return web.json_response({"id": TEMPLATE.id, "name": "lin-1", "properties": properties}).text or ""


async def test_a_run_state_that_is_unknown_is_no_end_and_shows_its_word(strange_azure):
    run = await get_image_run(strange_azure(template(lastRunStatus={"runState": "Pausing"})), TEMPLATE)
    assert (run.state, run.sub_state) == (ImageRunState.UNKNOWN, "Pausing")
    assert not run.state.finished


async def test_a_provisioning_state_that_is_unknown_is_waited_for(strange_azure):
    state = await get_image_template(strange_azure(template(provisioningState="Hibernating")), TEMPLATE)
    assert state.state is ProvisioningState.IN_PROGRESS


@pytest.mark.parametrize("word", ["partiallysucceeded", "PARTIALLYSUCCEEDED"])
async def test_the_case_of_a_run_state_does_not_matter(strange_azure, word):
    run = await get_image_run(strange_azure(template(lastRunStatus={"runState": word})), TEMPLATE)
    assert run.state is ImageRunState.PARTIALLY_SUCCEEDED


@pytest.mark.parametrize("text", ["<html>A proxy is tired.</html>", '{"id": "/subscr'])
async def test_an_answer_that_is_no_json_asks_for_another_try(strange_azure, text):
    with pytest.raises(AzureUnavailable):
        await get_image_run(strange_azure(text), TEMPLATE)


@pytest.mark.parametrize(("word", "made"), [("Succeeded", 1), ("failed", 0), ("Canceled", 0), ("Delivered", 1)])
async def test_what_a_distributor_failed_to_make_is_not_published(strange_azure, word, made):
    output = {"name": "out", "properties": {"artifactUri": "https://a/golden.vhd", "provisioningState": word}}
    text = web.json_response({"value": [output]}).text or ""
    assert len(await image_templates.list_run_outputs(strange_azure(text), TEMPLATE)) == made
