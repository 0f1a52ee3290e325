"""Every link between documents leads somewhere."""

import re
from pathlib import Path

import pytest

from local.stack import APP_FOLDER

DOCUMENTS = sorted([*APP_FOLDER.glob("*.md"), *(APP_FOLDER / "docs").rglob("*.md")])
LINK = re.compile(r"\]\((?!https?:|mailto:)([^)#\s]*)(?:#([^)\s]*))?\)")
CODE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
HEADING = re.compile(r"^#+ (.*)$", re.MULTILINE)


def anchors(document: Path) -> set[str]:
    """The anchors that GitHub gives the headings of a document."""
    headings = HEADING.findall(CODE.sub("", document.read_text()))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: str(document.relative_to(APP_FOLDER)))
def test_every_link_leads_to_a_heading_or_a_file(document: Path) -> None:
    for path, anchor in LINK.findall(CODE.sub("", document.read_text())):
        target = (document.parent / path).resolve() if path else document
        assert target.exists(), path
        assert not anchor or anchor in anchors(target), f"{path}#{anchor}"
