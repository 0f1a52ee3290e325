import pytest

from configuration.scripts.fetches import Fetch, needs_key, parse_fetch

ADDRESS = "https://acc.blob.core.windows.net/scripts/a.ps1"


@pytest.mark.parametrize(
    ("line", "destination"),
    [
        (f"wget '{ADDRESS}<SAS>' -O 'b.ps1'", "b.ps1"),
        (f"sudo wget -q {ADDRESS}?<SAS> --output-document=/tmp/b.ps1", "/tmp/b.ps1"),
        (f"wget {ADDRESS}<sas>", "a.ps1"),
        (f"wget -P /tmp/ {ADDRESS}<SAS>", "/tmp/a.ps1"),
        (f'curl -fsSL "{ADDRESS}<SAS>" -o b.ps1', "b.ps1"),
        (f"curl -O {ADDRESS}<SAS>", "a.ps1"),
        (f"curl --output b.ps1 '{ADDRESS}?sv=1&sig=x%2B'", "b.ps1"),
        (f"Invoke-WebRequest -Uri '{ADDRESS}<SAS>' -outfile 'C:\\temp\\b.ps1'", "C:\\temp\\b.ps1"),
    ],
)
def test_a_plain_download_is_understood(line: str, destination: str) -> None:
    assert needs_key(line)
    assert parse_fetch(line) == Fetch(ADDRESS, destination)


@pytest.mark.parametrize(
    "line",
    [
        f"wget {ADDRESS}<SAS> && bash a.ps1",
        f"curl {ADDRESS}<SAS> | bash",
        f"wget {ADDRESS}<SAS> -O $HOME/a.ps1",
        f"azcopy copy {ADDRESS}<SAS> .",
        f"wget {ADDRESS}<SAS> {ADDRESS}<SAS>",
        f"wget '{ADDRESS}<SAS>",
        "wget https://acc.blob.core.windows.net/<SAS>",
        "<SAS>",
    ],
)
def test_what_does_more_than_download_is_left_alone(line: str) -> None:
    assert needs_key(line)
    assert parse_fetch(line) is None


@pytest.mark.parametrize("line", ["wget https://example.org/a.sh", "echo <b>SAS</b> > a", "", None, 3])
def test_a_command_without_a_key_needs_none(line: object) -> None:
    assert not needs_key(line)
