"""The four files under any name and in any wrapping, made here by hand and by other tools."""

import bz2
import gzip
import hashlib
import io
import lzma
import os
import shutil
import struct
import subprocess
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from study.errors import StudyError
from study.lab import mnist_folder, unpacking
from study.lab.unpacking import Allowance, Unpacked, unpacked

NAMES = (
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
)
IMAGES, LABELS, TEST_IMAGES, TEST_LABELS = NAMES
SHAPES = ((7, 2, 2), (7,), (5, 2, 2), (5,))

Plain = dict[str, bytes]


def idx(shape: tuple[int, ...], content: bytes) -> bytes:
    return struct.pack(f">HBB{len(shape)}I", 0, 8, len(shape), *shape) + content


@pytest.fixture
def plain(monkeypatch: pytest.MonkeyPatch) -> Plain:
    """Make four small files that pass for what is inside of the originals."""
    sizes = (28, 7, 20, 5)
    files = {
        name: idx(shape, bytes(range(at, at + size)))
        for at, (name, shape, size) in enumerate(zip(NAMES, SHAPES, sizes, strict=True))
    }
    inside = {
        f"{name}.gz": mnist_folder.Content(hashlib.sha256(content).hexdigest(), shape)
        for (name, content), shape in zip(files.items(), SHAPES, strict=True)
    }
    monkeypatch.setattr(mnist_folder, "CONTENTS", inside)
    return files


def found(folder: Path) -> Plain:
    """Return what the study finds, unwrapped and in the order in which it comes."""
    files = mnist_folder.files(folder, {})
    return {name.removesuffix(".gz"): gzip.decompress(file) for name, file in files.items()}


def told(folder: Path) -> str:
    with pytest.raises(StudyError) as raised:
        mnist_folder.files(folder, {})
    assert "\n" not in str(raised.value)
    return str(raised.value)


def put(path: Path, content: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def in_zip(files: Plain, compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return file.getvalue()


def in_tar(files: Plain, form: int = tarfile.PAX_FORMAT) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w", format=form) as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return file.getvalue()


# Names and folders -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "place",
    [
        "{name}",
        "MNIST/raw/{name}",
        "data/MNIST/raw/{name}",
        "{dotted}",
        "{dotted}/{dotted}",
        "{name}/{name}",
        "mnist-dataset/archive/{name}/{dotted}",
        "{upper}",
        "{lower}",
        "{name} (1)",
        "{name}.gz",  # what a browser has unwrapped and not renamed
        "{number}.bin",
    ],
)
def test_the_name_and_the_folder_do_not_count(plain: Plain, tmp_path: Path, place: str) -> None:
    for number, (name, content) in enumerate(plain.items()):
        words = {
            "name": name,
            "dotted": name.replace("-idx", ".idx"),
            "upper": name.upper(),
            "lower": name.replace("-", "_"),
            "number": number,
        }
        put(tmp_path / place.format(**words), content)
    assert found(tmp_path) == plain
    assert list(found(tmp_path)) == list(NAMES)


def test_names_that_are_exchanged_do_no_harm(plain: Plain, tmp_path: Path) -> None:
    for name, content in zip(reversed(NAMES), plain.values(), strict=True):
        put(tmp_path / name, content)
    assert found(tmp_path) == plain


def test_the_right_file_is_taken_from_among_wrong_ones(plain: Plain, tmp_path: Path) -> None:
    for name, content in plain.items():
        put(tmp_path / "FashionMNIST" / "raw" / name, content[:-1] + b"?")
        put(tmp_path / f"{name}.gz", gzip.compress(content)[:-9])
        put(tmp_path / "MNIST" / "raw" / name, content)
    put(tmp_path / "__MACOSX" / f"._{IMAGES}", b"of no use")
    assert found(tmp_path) == plain


def test_a_link_to_a_folder_above_is_followed_once(plain: Plain, tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "again").symlink_to(tmp_path)
    (tmp_path / "nowhere").symlink_to(tmp_path / "gone")
    for name, content in plain.items():
        put(tmp_path / "a" / name, content)
    assert found(tmp_path) == plain
    (tmp_path / "a" / IMAGES).unlink()
    assert told(tmp_path) == f"{tmp_path}: holds no {IMAGES}, however wrapped or called"


# Wrappings ---------------------------------------------------------------------------------------


WRAPPERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "gzip of another level": lambda content: gzip.compress(content, compresslevel=1, mtime=3),
    "bzip2": bz2.compress,
    "xz": lzma.compress,
    "zip": lambda content: in_zip({"data": content}),
    "zip without compression": lambda content: in_zip({"a": b"", "b": content}, zipfile.ZIP_STORED),
    "zip by LZMA": lambda content: in_zip({"data": content}, zipfile.ZIP_LZMA),
    "tar": lambda content: in_tar({"data": content}),
    "gzip, twice": lambda content: gzip.compress(gzip.compress(content)),
    "tar in gzip in zip": lambda content: in_zip(
        {"a.tar.gz": gzip.compress(in_tar({"b": content}))}
    ),
}
SQUEEZERS: dict[str, Callable[[bytes], bytes]] = {
    "none": bytes,
    "gzip": gzip.compress,
    "bzip2": bz2.compress,
    "xz": lzma.compress,
}


@pytest.mark.parametrize("suffix", ["", ".gz", ".xyz"])
@pytest.mark.parametrize("wrapper", WRAPPERS)
def test_each_file_may_be_wrapped_in_anything(
    plain: Plain, tmp_path: Path, wrapper: str, suffix: str
) -> None:
    for name, content in plain.items():
        put(tmp_path / f"{name}{suffix}", WRAPPERS[wrapper](content))
    assert found(tmp_path) == plain


@pytest.mark.parametrize("form", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
@pytest.mark.parametrize("squeezer", SQUEEZERS)
def test_all_may_lie_in_one_tar(plain: Plain, tmp_path: Path, form: int, squeezer: str) -> None:
    files = {f"MNIST/raw/{name}.gz": gzip.compress(content) for name, content in plain.items()}
    archive = put(tmp_path / "MNIST.tar.gz", SQUEEZERS[squeezer](in_tar(files, form)))
    assert found(tmp_path) == plain
    assert found(archive) == plain  # named itself, without a folder


def test_all_may_lie_in_the_archive_that_kaggle_sends(plain: Plain, tmp_path: Path) -> None:
    files: Plain = {}
    for name, content in plain.items():
        dotted = name.replace("-idx", ".idx")
        files |= {f"{name}/{name}": content, dotted: content, f"__MACOSX/._{dotted}": b"junk"}
    put(tmp_path / "archive.zip", in_zip(files))
    assert found(tmp_path) == plain


@pytest.mark.parametrize("tool", ["gzip", "bzip2", "xz", "tar"])
def test_what_other_tools_pack_is_unpacked(plain: Plain, tmp_path: Path, tool: str) -> None:
    if shutil.which(tool) is None:
        pytest.skip(f"there is no {tool} here")
    for name, content in plain.items():
        put(tmp_path / name, content)
    command = ["tar", "-cf", "all.tar", *NAMES] if tool == "tar" else [tool, "-k", *NAMES]
    subprocess.run(command, cwd=tmp_path, check=True)
    for name in NAMES:
        (tmp_path / name).unlink()
    assert found(tmp_path) == plain


def test_a_file_that_is_an_original_is_kept_as_it_is(plain: Plain, tmp_path: Path) -> None:
    originals = {f"{name}.gz": gzip.compress(content, 9) for name, content in plain.items()}
    for name, content in originals.items():
        put(tmp_path / name[:3] / "raw" / name, content)
    known = {name: hashlib.sha256(content).hexdigest() for name, content in originals.items()}
    assert mnist_folder.files(tmp_path, known) == originals


# A wrong file is told apart from a wrong wrapping ------------------------------------------------


@pytest.mark.parametrize(
    ("make", "problem"),
    [
        (lambda c: gzip.compress(c)[:-12], "wrapped by gzip: truncated"),
        (lambda c: gzip.compress(c)[:-8] + bytes(8), "wrapped by gzip: damaged"),
        (lambda c: bz2.compress(c)[:-3], "wrapped by bzip2: truncated"),
        (lambda c: lzma.compress(c)[:-3], "wrapped by xz: truncated"),
        (lambda c: in_zip({"x": c})[:-3], "wrapped by zip: truncated or damaged"),
        (lambda c: in_tar({IMAGES: c})[:520], "wrapped by tar: truncated or damaged"),
        (
            lambda _: b"7z\xbc\xaf\x27\x1c rest",
            "wrapped by 7-Zip: not opened here; unpack it first",
        ),
        (lambda _: b"", "empty"),
        pytest.param(lambda _: gzip.compress(b""), "empty", id="empty, in gzip"),
        (lambda _: b"<!DOCTYPE html><p>Sign in", "a web page and not the file; fetch it again"),
        pytest.param(
            lambda _: b"\xef\xbb\xbf\n <HTML>",
            "a web page and not the file; fetch it again",
            id="web page that begins with a mark",
        ),
        (
            lambda _: b"version https://git-lfs.github.com/spec/v1\noid sha256:0",
            "a pointer of Git LFS and not the file; fetch it with git lfs pull",
        ),
        (lambda _: b"label,1x1,1x2\n5,0,0", "not an IDX file of unsigned bytes"),
        (lambda c: c[:-5], "truncated, 39 of 44 bytes"),
        (lambda c: c + b"more", "too long, 48 of 44 bytes"),
        (lambda _: idx((7,), bytes(7)), "an IDX file of shape (7,), where MNIST's is (7, 2, 2)"),
        (
            lambda c: gzip.compress(c[:-1] + b"?"),
            (
                "as large as MNIST's, but other bytes (SHA-256 {found}…, not {known}…); files of "
                "Fashion-MNIST and others have the same names"
            ),
        ),
    ],
)
def test_a_file_is_named_with_what_is_wrong_with_it(
    plain: Plain, tmp_path: Path, make: Callable[[bytes], bytes], problem: str
) -> None:
    for name, content in plain.items():
        put(tmp_path / name, content)
    right = plain[IMAGES]
    put(tmp_path / IMAGES, make(right))
    digests = {
        "found": hashlib.sha256(right[:-1] + b"?").hexdigest()[:12],
        "known": hashlib.sha256(right).hexdigest()[:12],
    }
    place, said = f"{tmp_path / IMAGES}", problem.format(**digests)
    assert told(tmp_path) in {f"{place}: {said}", f"{place}/{IMAGES}: {said}", f"{place}/x: {said}"}


def test_a_file_in_place_of_another_is_called_by_its_own_name(plain: Plain, tmp_path: Path) -> None:
    for name in (LABELS, TEST_IMAGES, TEST_LABELS):
        put(tmp_path / name, plain[name])
    put(tmp_path / f"{IMAGES}.gz", gzip.compress(plain[LABELS]))
    assert told(tmp_path) == f"{tmp_path / IMAGES}.gz: this is {LABELS}.gz"


def test_an_archive_is_named_with_the_member_that_is_wrong(plain: Plain, tmp_path: Path) -> None:
    files = {f"raw/{name}.gz": gzip.compress(content) for name, content in plain.items()}
    files[f"raw/{LABELS}.gz"] = files[f"raw/{LABELS}.gz"][:-9]
    put(tmp_path / "all.tar", in_tar(files))
    place = tmp_path / "all.tar" / "raw" / f"{LABELS}.gz"
    assert told(tmp_path) == f"{place}: wrapped by gzip: truncated"


@pytest.mark.parametrize("name", ["mnist.npz", "train-00000-of-00001.parquet"])
@pytest.mark.parametrize("place", ["the file", "its folder"])
def test_another_form_of_mnist_is_told(tmp_path: Path, name: str, place: str) -> None:
    file = put(tmp_path / name, in_zip({"x_train.npy": b"5"}))
    message = told(file if place == "the file" else tmp_path)
    assert f"{file}: another form of MNIST, which is not read" in message


def test_every_file_that_is_not_there_is_named(plain: Plain, tmp_path: Path) -> None:
    put(tmp_path / IMAGES, plain[IMAGES])
    put(tmp_path / "mnist_train.csv", b"5,0,0")
    put(tmp_path / "archive.zip", in_zip({"mnist_train.csv": b"5,0,0"}))
    put(tmp_path / "broken.zip", b"PK\x03\x04")
    assert told(tmp_path) == (
        f"{tmp_path}: holds no {LABELS} and no {TEST_IMAGES} and no {TEST_LABELS}, however wrapped "
        f"or called; {tmp_path / 'archive.zip'}: an archive that holds none of the four files; "
        f"{tmp_path / 'broken.zip'}: wrapped by zip: truncated or damaged; "
        f"{tmp_path / 'mnist_train.csv'}: another form of MNIST, which is not read"
    )


def test_a_file_that_may_not_be_read_is_named(
    plain: Plain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = Path.read_bytes

    def refuse(path: Path) -> bytes:  # as for others than root
        if path.name == LABELS:
            raise PermissionError(13, "Permission denied")
        return read(path)

    for name, content in plain.items():
        put(tmp_path / name, content)
    monkeypatch.setattr(Path, "read_bytes", refuse)
    assert told(tmp_path) == f"{tmp_path / LABELS}: cannot be read (Permission denied)"


def test_a_folder_inside_that_may_not_be_listed_is_passed_over(
    plain: Plain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    listing = os.scandir

    def refuse(path: Path) -> object:
        if path.name == "private":
            raise PermissionError(13, "Permission denied")
        return listing(path)

    (tmp_path / "private").mkdir()
    for name, content in plain.items():
        put(tmp_path / "raw" / name, content)
    monkeypatch.setattr(os, "scandir", refuse)
    assert found(tmp_path) == plain
    assert told(tmp_path / "private") == (
        f"{tmp_path / 'private'}: cannot be read (Permission denied)"
    )


def test_folders_of_an_archive_and_links_in_it_are_passed_over(
    plain: Plain, tmp_path: Path
) -> None:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        for name, content in plain.items():
            folder, link, member = (tarfile.TarInfo(f"{x}{name}") for x in ("d/", "l/", ""))
            folder.type, link.type, link.linkname = tarfile.DIRTYPE, tarfile.SYMTYPE, "/etc/passwd"
            member.size = len(content)
            archive.addfile(folder)
            archive.addfile(link)
            archive.addfile(member, io.BytesIO(content))
    put(tmp_path / "all.tar", file.getvalue())
    assert found(tmp_path) == plain


def test_a_pipe_of_the_right_name_is_not_waited_for(plain: Plain, tmp_path: Path) -> None:
    for name, content in plain.items():
        put(tmp_path / name, content)
    (tmp_path / TEST_LABELS).unlink()
    os.mkfifo(tmp_path / TEST_LABELS)
    assert told(tmp_path) == f"{tmp_path}: holds no {TEST_LABELS}, however wrapped or called"


# Limits ------------------------------------------------------------------------------------------


def everything(name: str, size: int) -> bool:
    return bool(name) and size >= 0


@pytest.mark.parametrize("wrapping", ["gzip", "bzip2", "xz", "zip", "tar"])
def test_no_more_is_unpacked_than_is_allowed(
    monkeypatch: pytest.MonkeyPatch, wrapping: str
) -> None:
    wrap = WRAPPERS[wrapping]
    monkeypatch.setattr(unpacking, "STEP", 16)
    allowance = Allowance(single=64, total=1000)
    (bomb,) = unpacked("x", wrap(bytes(10_000)), allowance, everything)
    assert bomb.problem == f"wrapped by {wrapping}: not unpacked, since it holds more than 64 bytes"
    assert allowance.left == 1000 - 64 - 16  # what was unpacked until it was too much
    (fits,) = unpacked("x", wrap(bytes(64)), allowance, everything)
    assert (fits.content, fits.problem) == (bytes(64), "")


def test_no_more_is_unpacked_in_all_than_is_allowed() -> None:
    files = in_zip({"a": bytes(60), "b": bytes(60), "c": bytes(40)})
    one, two, three = unpacked("x", files, Allowance(single=64, total=100), everything)
    assert one == Unpacked("x/a", bytes(60))
    assert two.problem == "wrapped by zip: not unpacked, since it holds more than 40 bytes"
    assert three.problem == "wrapped by zip: not unpacked, since it holds more than 0 bytes"


def test_wrappings_are_taken_off_to_a_depth() -> None:
    content = b"text"
    for _ in range(unpacking.DEPTH):
        content = gzip.compress(content)
    (found,) = unpacked("x", content, Allowance(1000, 1000), everything)
    assert found == Unpacked("x", b"text")
    (found,) = unpacked("x", gzip.compress(content), Allowance(1000, 1000), everything)
    assert found.problem == "wrapped by gzip: too many wrappings; unpack it first"


@pytest.mark.parametrize("pack", [in_zip, in_tar])
def test_so_many_members_are_looked_at(
    monkeypatch: pytest.MonkeyPatch, pack: Callable[[Plain], bytes]
) -> None:
    monkeypatch.setattr(unpacking, "MEMBERS", 2)
    archive = pack({"a": b"1", "b": b"2", "c": b"3"})
    found = list(unpacked("x", archive, Allowance(9, 9), everything))
    assert found == [Unpacked("x/a", b"1"), Unpacked("x/b", b"2")]


def test_xz_may_not_ask_for_any_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpacking, "XZ_MEMORY", 2**16)
    (found,) = unpacked("x", lzma.compress(b"text"), Allowance(9, 9), everything)
    assert found.problem == "wrapped by xz: takes too much memory to unpack"


@pytest.mark.parametrize(
    ("field", "value", "problem"),
    [(6, 1, "asks for a password"), (8, 9, "packed in a way that is not opened here")],
)
def test_a_zip_that_cannot_be_opened_says_why(field: int, value: int, problem: str) -> None:
    archive = bytearray(in_zip({"a": b"text"}, zipfile.ZIP_STORED))
    archive[field] = archive[archive.index(b"PK\1\2") + field + 2] = value
    (found,) = unpacked("x", bytes(archive), Allowance(9, 9), everything)
    assert found.problem == f"wrapped by zip: {problem}"


def test_a_file_that_is_too_large_is_not_read(
    plain: Plain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, content in plain.items():
        put(tmp_path / name, content)
    put(tmp_path / IMAGES, bytes(100))
    monkeypatch.setattr(mnist_folder, "LARGEST", 99)
    assert told(tmp_path) == f"{tmp_path / IMAGES}: not read, since it has more than 99 bytes"


def test_a_folder_of_very_much_is_not_searched_to_its_end(
    plain: Plain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mnist_folder, "ENTRIES", 9)
    for name, content in plain.items():
        put(tmp_path / "b" / name, content)
    for number in range(5):
        put(tmp_path / "a" / f"{number}.txt", b"")
    assert f"{tmp_path}: holds too much to look at it all" in told(tmp_path)
    (tmp_path / "a" / "0.txt").unlink()
    assert found(tmp_path) == plain


def test_not_every_archive_of_a_folder_is_read(
    plain: Plain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = in_zip(plain)
    put(tmp_path / "a.zip", in_zip({"x": b""}) + bytes(len(archive)))
    put(tmp_path / "b.zip", archive)
    monkeypatch.setattr(mnist_folder, "TOTAL", 2 * len(archive))
    assert f"{tmp_path}: holds too much to look at it all" in told(tmp_path)
    (tmp_path / "a.zip").unlink()
    assert found(tmp_path) == plain


def test_folders_are_searched_to_a_depth(plain: Plain, tmp_path: Path) -> None:
    deep = tmp_path.joinpath(*"abcde")
    for name, content in plain.items():
        put(deep / name, content)
    assert found(tmp_path) == plain
    (deep / "f").mkdir()
    (deep / IMAGES).rename(deep / "f" / IMAGES)
    assert told(tmp_path) == f"{tmp_path}: holds no {IMAGES}, however wrapped or called"
