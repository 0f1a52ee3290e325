"""What may be a key is cut out of every address that is told of."""

import pytest

from policies.redaction import redacted


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "GET https://a.blob.core.windows.net/c/b?sv=1&sig=x failed",
            "GET https://a.blob.core.windows.net/c/b?... failed",
        ),
        ("HTTPS://A.blob.core.windows.net/c/b?SIG=x", "HTTPS://A.blob.core.windows.net/c/b?..."),
        ("git clone https://token@example.org/r.git", "git clone https://...@example.org/r.git"),
        ("http://ann:word@example.org/a?b=c", "http://...@example.org/a?..."),
        (
            "see https://example.org/a, or write to ann@example.org",
            "see https://example.org/a, or write to ann@example.org",
        ),
        ("https://example.org/@ann", "https://example.org/@ann"),
    ],
)
def test_queries_and_who_signs_in_are_cut_off_addresses(text, told):
    assert redacted(text) == told
