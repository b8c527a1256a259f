import lzma
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from study.errors import StudyError
from study.record import archive

FILES = {"config.json": "{}\n", "draws/0.json": '{"x": 1}\n', "draws/1.json": "ζ\r\n"}


@given(
    st.dictionaries(st.from_regex(r"[a-z]{1,9}(/[0-9]{1,3})?", fullmatch=True), st.text("abζ\r\n "))
)
def test_what_is_packed_comes_back(
    tmp_path_factory: pytest.TempPathFactory, files: dict[str, str]
) -> None:
    path = tmp_path_factory.mktemp("any") / "a.tar.xz"
    archive.pack(path, files)
    assert archive.unpack(path) == files


def test_the_same_files_give_the_same_bytes(tmp_path: Path) -> None:
    archive.pack(tmp_path / "one.tar.xz", FILES)
    archive.pack(tmp_path / "two.tar.xz", dict(reversed(FILES.items())))
    assert (tmp_path / "one.tar.xz").read_bytes() == (tmp_path / "two.tar.xz").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one.tar.xz", "two.tar.xz"]


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ('{"x": 1}', '{"x": 2}', "draws/0.json: its checksum is not that of the list"),
        (
            "  draws/0.json",
            "  draws/7.json",
            "draws/0.json: in the list of checksums or in the file",
        ),
        ("SHA256SUMS", "OTHERNAME!", "no archive of draws, or cut off"),
    ],
)
def test_a_changed_file_is_refused(tmp_path: Path, before: str, after: str, told: str) -> None:
    path = tmp_path / "a.tar.xz"
    archive.pack(path, FILES)
    content = lzma.decompress(path.read_bytes()).replace(before.encode(), after.encode())
    path.write_bytes(lzma.compress(repaired(content)))
    with pytest.raises(StudyError, match=told):
        archive.unpack(path)


def repaired(tar: bytes) -> bytes:
    """Give the first header of a tar file the checksum of its bytes."""
    header = tar[:148] + b" " * 8 + tar[156:512]
    return tar[:148] + b"%06o\0 " % sum(header) + tar[156:]


@pytest.mark.parametrize("kept", [0, 10, 200])
def test_a_file_that_was_cut_off_is_refused(tmp_path: Path, kept: int) -> None:
    path = tmp_path / "a.tar.xz"
    archive.pack(path, FILES)
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(StudyError, match=r"a\.tar\.xz: no archive of draws, or cut off"):
        archive.unpack(path)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match="nowhere: No such file or directory"):
        archive.unpack(tmp_path / "nowhere")
