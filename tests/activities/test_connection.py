import gc
import weakref


async def test_of_the_clients_for_many_storage_accounts_only_the_last_ones_are_kept(azure):
    often = azure.blobs("https://often.blob.core.windows.net")
    first = weakref.ref(azure.blobs("https://a0.blob.core.windows.net"))
    for number in range(1, 200):
        azure.blobs(f"https://a{number}.blob.core.windows.net")
        assert azure.blobs("https://often.blob.core.windows.net") is often
    gc.collect()
    assert first() is None
