"""Locks that hosts of one app share, in a real Azurite."""

import asyncio

import pytest

from local.functions_host.host_storage import Accounts, HostStorage


@pytest.fixture
async def storage(azurite, app_identity, monkeypatch):
    monkeypatch.setenv("AzureWebJobsStorage__blobServiceUri", f"{azurite.endpoint}/{azurite.accounts[-1]}")
    monkeypatch.setenv("CA_BUNDLE", str(azurite.ca_file))
    accounts = Accounts()
    yield HostStorage(accounts)
    await accounts.close()


async def test_of_many_that_ask_for_a_new_lock_at_once_one_holds_it_and_the_others_are_told_so(storage):
    for number in range(2):
        answers = []
        is_over = asyncio.Event()

        async def ask(name, answers=answers, is_over=is_over):
            async with storage.lock(name) as held:
                answers.append(held)
                if len(answers) == 60:
                    is_over.set()
                await is_over.wait()

        await asyncio.gather(*(ask(f"test-{id(storage)}-{number}") for _ in range(60)))
        assert sum(answers) == 1
