"""Which uploads count, and what is said of the others."""

import string
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from models.configuration import ImageSettings
from models.scripts import Upload
from policies.upkeep.script_contents import as_built, sha256_of
from policies.upkeep.uploads import LARGEST_UPLOAD, LONGEST_PATH, quoted, script_places, sorted_uploads, unused

PACKAGED = frozenset({"versions.env", "linux/install_tools.sh", "linux/tool", "windows/install_tools.ps1"})
IMAGES = (ImageSettings(name="linux", os_type="Linux"), ImageSettings(name="desktop", os_type="Windows"))
PLACES = script_places(PACKAGED, IMAGES)
MONDAY = datetime(2026, 3, 2, 12, tzinfo=UTC)


def upload(path, *, size=10, minute=0):
    created_at = MONDAY + timedelta(minutes=minute)
    return Upload(path=path, etag="0x1", size=size, uploaded_at=created_at, created_at=created_at)


def refusal_of(path, *, places=PLACES, size=10):
    return sorted_uploads([upload(path, size=size)], places).refused.get(path)


@pytest.mark.parametrize(
    "path",
    [
        "versions.env",
        "linux/install_tools.sh",
        "linux/tool",
        "linux/tools/more/deep.SH",
        "linux/data.tar.gz",
        "linux/c++_flags-1.2.conf",
        "windows/install_tools.ps1",
        "windows/settings.reg",
        "desktop/wallpaper.ps1",
    ],
)
def test_a_script_or_the_data_of_one_counts(path):
    assert list(sorted_uploads([upload(path)], PLACES).counting) == [path]


@pytest.mark.parametrize(
    ("path", "problem", "instead"),
    [
        ("", "'' in the path", "like linux/install_tools.sh"),
        ("linux/../versions.env", "'..' in the path", "letters"),
        ("linux/./a.sh", "'.' in the path", "letters"),
        ("linux//a.sh", "'' in the path", "letters"),
        ("/linux/a.sh", "'' in the path", "letters"),
        ("linux/", "'' in the path", "letters"),
        ("linux\\a.sh", r"'linux\a.sh' in the path", "letters"),
        ("linux/a\nb.sh", r"'a\nb.sh' in the path", "letters"),
        ("linux/a b.sh", "'a b.sh' in the path", "letters"),
        ("linux/.hidden.sh", "'.hidden.sh' in the path", "begin with a letter"),
        ("linux/\u202ehs.a", r"'\u202ehs.a' in the path", "letters"),
        ("linux/brötchen.sh", r"'br\xf6tchen.sh' in the path", "letters"),
        ("linux/a.sh?sig=x", "'a.sh?sig=x' in the path", "letters"),
        ("linux/" + "a" * LONGEST_PATH + ".sh", "characters", f"at most {LONGEST_PATH}"),
        ("a.sh", "No file a.sh at the top", "linux/, windows/, desktop/"),
        ("macos/a.sh", "do not lie in macos/", "linux/, windows/, desktop/"),
        ("Linux/a.sh", "do not lie in Linux/", "Upload it as linux/a.sh."),
        ("linux/setup.exe", "setup.exe is no script for Linux", ".sh"),
        ("linux/setup.cmd", "setup.cmd is no script for Linux", ".sh"),
        ("windows/a.sh", "a.sh is no script for Windows", ".ps1"),
        ("desktop/a.msi", "a.msi is no script for Windows", "download what it installs"),
        ("linux/another_tool", "another_tool is no script for Linux", ".sh"),
        ("linux/sh", "sh is no script", ".sh"),
        (
            "linux/Install_tools.sh",
            "upper and lower case from that of linux/install_tools.sh",
            "as linux/install_tools",
        ),
        ("Versions.env", "No file Versions.env at the top", "linux/"),
    ],
)
def test_what_cannot_be_a_script_is_refused_with_what_to_upload_instead(path, problem, instead):
    refusal = refusal_of(path)
    assert refusal is not None
    assert problem in refusal.problem
    assert instead in refusal.instead


def test_the_size_has_bounds():
    assert "empty" in refusal_of("linux/a.sh", size=0).problem
    assert refusal_of("linux/a.sh", size=LARGEST_UPLOAD) is None
    assert "20 MB" in refusal_of("linux/a.sh", size=LARGEST_UPLOAD + 1).problem


def test_of_two_names_that_differ_only_in_case_the_first_one_counts_however_often_it_is_uploaded_again():
    first, second = upload("linux/new.sh", minute=1), upload("linux/New.sh", minute=2)
    again = first.model_copy(update={"uploaded_at": MONDAY + timedelta(hours=1), "etag": "0x2"})
    for uploads in ([first, second], [second, first], [second, again]):
        found = sorted_uploads(uploads, PLACES)
        assert list(found.counting) == ["linux/new.sh"]
        assert "that of linux/new.sh" in found.refused["linux/New.sh"].problem


def test_one_that_is_refused_takes_no_name_from_another():
    found = sorted_uploads([upload("linux/New.sh", size=0, minute=1), upload("linux/new.sh", minute=2)], PLACES)
    assert (list(found.counting), list(found.refused)) == (["linux/new.sh"], ["linux/New.sh"])


def test_while_the_images_are_not_known_no_folder_is_wrong():
    places = script_places(PACKAGED, None)
    for path in ("anything/a.sh", "anything/a.ps1", "linux/a.sh"):
        assert refusal_of(path, places=places) is None, path
    assert refusal_of("anything/a.exe", places=places) is not None
    assert refusal_of("linux/a.cmd", places=places) is not None


@given(st.one_of(st.text(), st.text("aA./\\ \0%?#~é-_"), st.from_regex(r"(linux|windows|desktop)/.*\.(sh|ps1)")))
@example("linux/\ud800.sh")
def test_what_counts_is_a_safe_path_and_what_is_said_of_the_rest_can_be_printed(path):
    refusal = refusal_of(path)
    if refusal is None:
        assert set(path) <= set(string.ascii_letters + string.digits + "._+-/")
        assert path.split("/")[0] in {"linux", "windows", "desktop", "versions.env"}
        assert not any(part.startswith(".") or not part for part in path.split("/"))
        assert len(path) <= LONGEST_PATH
    else:
        assert (refusal.problem + refusal.instead).isprintable()
        assert (refusal.problem + refusal.instead).isascii()
        assert len(refusal.problem) < 1000


@given(st.text())
def test_a_quoted_path_is_one_printable_line(path):
    assert quoted(path).isascii()
    assert quoted(path).isprintable()


@given(st.lists(st.builds(upload, st.sampled_from(["linux/a.sh", "linux/A.sh", "linux/b.sh", "a/b", ".."]))))
def test_every_upload_either_counts_or_is_refused(uploads):
    found = sorted_uploads(uploads, PLACES)
    assert set(found.counting) | set(found.refused) == {one.path for one in uploads}
    assert not set(found.counting) & set(found.refused)


def test_an_unused_one_is_told_what_would_make_it_used():
    assert "linux/a.sh" in unused(upload("linux/a.sh")).instead


def test_text_is_built_with_unix_line_ends_and_other_files_as_they_are():
    assert as_built(b"a\r\nb\rc\n") == b"a\nb\rc\n"
    assert as_built(b"\0\r\n") == b"\0\r\n"
    assert sha256_of(b"") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
