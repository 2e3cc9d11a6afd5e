"""Downloads: names, sizes and contents come from outside, and none of them is trusted."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloudautoml.download import RemoteFile, download, safe_places
from cloudautoml.errors import StorageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def file(name: str, content: bytes, *, size: int | None = None, sha256: str | None = None) -> RemoteFile:
    def read() -> Iterator[bytes]:
        yield from (content[start : start + 3] for start in range(0, len(content), 3))

    digests = () if sha256 is None else (("sha256", sha256),)
    return RemoteFile(name, len(content) if size is None else size, read, digests)


def test_files_are_copied_and_their_digests_told(tmp_path: Path) -> None:
    told = hashlib.sha256(b"hello").hexdigest()
    found = download([file("a/b.txt", b"hello", sha256=told.upper()), file("c", b"", size=-1)], tmp_path / "to")
    assert found["a/b.txt"] == told
    assert (tmp_path / "to" / "a" / "b.txt").read_bytes() == b"hello"
    assert (tmp_path / "to" / "c").read_bytes() == b""


@pytest.mark.parametrize(
    "name",
    [
        "",
        "/etc/passwd",
        "../x",
        "a/../../x",
        "a//b",
        "./a",
        "a/",
        "a\\..\\b",
        "C:x",
        "a\0b",
        "nul.txt",
        "a.",
        "x" * 256,
    ],
)
def test_names_that_lead_elsewhere_are_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(StorageError):
        download([file("fine", b"1"), file(name, b"2")], tmp_path / "to")
    assert not (tmp_path / "to").exists(), "nothing is copied where one name is wrong"


@given(st.lists(st.text(alphabet="ab./\\A\u00e9\u0301e", max_size=6), max_size=4))
def test_what_is_taken_stays_in_the_folder(tmp_path_factory: pytest.TempPathFactory, names: list[str]) -> None:
    folder = tmp_path_factory.getbasetemp().resolve() / "root"
    try:
        places = safe_places(names, folder)
    except StorageError:
        return
    assert all(folder in place.parents for place in places)
    assert len(set(places)) == len(names)


@pytest.mark.parametrize("names", [("a", "A"), ("a", "a/b"), ("a/b", "a"), ("e\u0301", "\u00e9"), ("a", "a")])
def test_two_files_of_one_name_are_refused(names: tuple[str, str], tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="another file"):
        safe_places(names, tmp_path)


def test_links_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "to").mkdir()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "to" / "link").symlink_to(tmp_path / "elsewhere")
    for name in ("link/x", "link"):
        with pytest.raises(StorageError, match="link"):
            download([file(name, b"1")], tmp_path / "to")
    assert list((tmp_path / "elsewhere").iterdir()) == []


@pytest.mark.parametrize("size", [2, 4, -1])
def test_a_file_is_whole_or_not_there(size: int, tmp_path: Path) -> None:
    with pytest.raises(StorageError):
        download([file("a", b"123", size=size)], tmp_path, most_bytes=2 if size < 0 else 100)
    with pytest.raises(StorageError, match="sha256 is not"):
        download([file("a", b"123", sha256="0" * 64)], tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_all_files_together_are_bounded(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="6 bytes are to be copied, and 5"):
        download([file("a", b"123"), file("b", b"123")], tmp_path, most_bytes=5)
    with pytest.raises(StorageError, match="more than"):
        download([file("a", b"123", size=-1), file("b", b"123", size=-1)], tmp_path, most_bytes=5)
