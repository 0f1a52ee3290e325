import time
from datetime import UTC, datetime, timedelta

import pytest

from azure_clients import own_blobs, own_clock


@pytest.mark.parametrize("hours_ahead", [-1, 0, 1])
@pytest.mark.parametrize("is_there", [True, False])
async def test_the_time_is_that_of_the_storage_account_whatever_the_hosts_clock_says(
    azure, monkeypatch, hours_ahead, is_there
):
    container = own_blobs.container_of(azure)
    if await container.exists():
        await container.delete_container()
    if is_there:
        await container.create_container()
    told_by, true_time = time.time, datetime.now(UTC)
    monkeypatch.setattr(time, "time", lambda: told_by() + 3600 * hours_ahead)
    assert abs(await own_clock.now(azure) - true_time) < timedelta(minutes=2)
