"""The four files of MNIST in a folder, known by the SHA-256 of what is inside.

Wrapping, name and place do not count: torchvision unpacks into ``MNIST/raw``, Kaggle's archive has
``train-images.idx3-ubyte``, and browsers unwrap what is still called ``.gz``.
"""

import gzip
import hashlib
import os
import re
import struct
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import accumulate, islice
from math import prod
from operator import attrgetter
from pathlib import Path
from stat import S_ISDIR, S_ISREG

from study.errors import StudyError
from study.lab.unpacking import Allowance, Unpacked, unpacked


@dataclass(frozen=True)
class Content:
    """What one of the four files holds, unwrapped.

    Attributes:
        checksum: its SHA-256.
        shape: of its bytes.
    """

    checksum: str
    shape: tuple[int, ...]

    @property
    def size(self) -> int:
        """How many bytes it has, with its header."""
        return 4 + 4 * len(self.shape) + prod(self.shape)


CONTENTS = {  # by the name in the original distribution
    "train-images-idx3-ubyte.gz": Content(
        "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db", (60_000, 28, 28)
    ),
    "train-labels-idx1-ubyte.gz": Content(
        "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5", (60_000,)
    ),
    "t10k-images-idx3-ubyte.gz": Content(
        "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7", (10_000, 28, 28)
    ),
    "t10k-labels-idx1-ubyte.gz": Content(
        "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2", (10_000,)
    ),
}
LEVELS = 5
"""So deep are folders looked into; those of torchvision and of an unpacker are three."""
ENTRIES = 20_000
"""So many files and folders are looked at, which takes no more than a second."""
LARGEST = 192 * 2**20
"""So many bytes are read of a file or unpacked of a wrapping, thrice what all four hold."""
TOTAL = 4 * LARGEST
"""So many bytes are read in all, and so many are unpacked."""
USUAL = re.compile(
    r"(train|t10k|test)[-._ ]?(images|labels)[-._ ]?idx[13][-._ ]?ubyte", re.IGNORECASE
)
PACKED = re.compile(r"\.(zip|tar|tgz|tbz2?|txz|gz|bz2|xz)$", re.IGNORECASE)
OTHER_FORM = re.compile(
    r"(mnist.*\.(csv|npz|pkl|pkl\.gz|parquet|arff|mat|h5)"
    r"|(train|test)(\.csv|[-.\w]*\.parquet)|training\.pt)$",
    re.IGNORECASE,
)
"""Names of files that hold MNIST in a form of which no checksum is known."""
WEB_PAGE = (b"<!doctype html", b"<html", b"<head", b"<body", b"<?xml")
POINTER = b"version https://git-lfs"


@dataclass(frozen=True)
class Seen:
    """Something that may be one of the four files.

    Attributes:
        original: which it is; empty if none.
        named: whose name it has; empty if it has another.
        wrapped: its bytes, wrapped by gzip.
        problem: where it is and what is wrong with it; empty if nothing is.
    """

    original: str
    named: str
    wrapped: bytes
    problem: str


@dataclass(frozen=True)
class Candidates:
    """Files that are worth reading.

    Attributes:
        paths: the likely ones first.
        other_forms: those of MNIST in another form, which are not read.
        is_cut: whether there were too many to look at.
    """

    paths: list[Path]
    other_forms: list[Path]
    is_cut: bool


def files(folder: Path, checksums: Mapping[str, str]) -> dict[str, bytes]:
    """Find the four files, and wrap each by gzip.

    Args:
        folder: which holds them, at any place; or an archive that does.
        checksums: the SHA-256 of each original with its wrapping, by name.

    Returns:
        By its name, the original where it is there; else what is inside of it, wrapped again
        without being compressed.

    Raises:
        StudyError: in one line, what is there in place of each file that is not.
    """
    candidates = _candidates(folder)
    allowance = Allowance(LARGEST, TOTAL)
    contents: dict[str, bytes] = {}
    problems: dict[str, list[str]] = {}
    for path in candidates.paths:
        for candidate in _seen(path, checksums, allowance):
            if candidate.original:
                contents.setdefault(candidate.original, candidate.wrapped)
            if candidate.problem:
                problems.setdefault(candidate.named, []).append(candidate.problem)
        if len(contents) == len(CONTENTS):
            return {name: contents[name] for name in CONTENTS}
    missing = [name for name in CONTENTS if name not in contents]
    reasons = [problems[name][0] for name in missing if name in problems]
    if absent := [name.removesuffix(".gz") for name in missing if name not in problems]:
        reasons.append(f"{folder}: holds no {' and no '.join(absent)}, however wrapped or called")
        reasons += problems.get("", [])[:2]
        form = "another form of MNIST, which is not read"
        reasons += [f"{path}: {form}" for path in candidates.other_forms]
    if candidates.is_cut:
        reasons.append(f"{folder}: holds too much to look at it all; name the folder of the files")
    raise StudyError("; ".join(reasons))


def description(content: bytes, name: str) -> str:
    """Say what is in the place of a file, once it is unwrapped.

    Args:
        content: what is there, which is not the file's.
        name: of the file, in the original distribution.

    >>> description(b"<!DOCTYPE html><p>Not found", "t10k-labels-idx1-ubyte.gz")
    'a web page and not the file; fetch it again'
    """
    start = content.lstrip(b"\xef\xbb\xbf \t\r\n")[:50].lower()
    if start.startswith(WEB_PAGE):
        return "a web page and not the file; fetch it again"
    if start.startswith(POINTER):
        return "a pointer of Git LFS and not the file; fetch it with git lfs pull"
    shape, expected = idx_shape(content), CONTENTS[name]
    if shape == expected.shape:
        return _difference(content, expected)
    if shape:
        return f"an IDX file of shape {shape}, where MNIST's is {expected.shape}"
    return "not an IDX file of unsigned bytes" if content else "empty"


def _difference(content: bytes, expected: Content) -> str:
    if len(content) != expected.size:
        word = "truncated" if len(content) < expected.size else "too long"
        return f"{word}, {len(content)} of {expected.size} bytes"
    checksum = _sha256(content)
    return (
        f"as large as MNIST's, but other bytes (SHA-256 {checksum[:12]}…, not "
        f"{expected.checksum[:12]}…); files of Fashion-MNIST and others have the same names"
    )


def idx_shape(content: bytes) -> tuple[int, ...]:
    """Return the shape that an IDX file of unsigned bytes says it has; empty if it is none.

    >>> idx_shape(bytes([0, 0, 8, 1, 0, 0, 0, 2, 7, 9])), idx_shape(b"text")
    ((2,), ())
    """
    if content[:3] != b"\0\0\x08" or len(content) < 4 or len(content) < 4 + 4 * content[3]:
        return ()
    return struct.unpack_from(f">{content[3]}I", content, 4)


def usual_name(path: str) -> str:
    """Return the original name that the last part of a path, or one before it, stands for.

    >>> usual_name("archive.zip/t10k-labels.idx1-ubyte"), usual_name("notes.txt")
    ('t10k-labels-idx1-ubyte.gz', '')
    """
    for part in reversed(path.split("/")):
        if match := USUAL.search(part):
            file, kind = match[1].lower().replace("test", "t10k"), match[2].lower()
            return f"{file}-{kind}-idx{3 if kind == 'images' else 1}-ubyte.gz"
    return ""


def _seen(path: Path, checksums: Mapping[str, str], allowance: Allowance) -> Iterator[Seen]:
    """Yield what a file holds that may be one of the four, and what is wrong with the rest."""
    named = usual_name(path.name)
    try:
        if path.stat().st_size > LARGEST:
            yield Seen("", named, b"", f"{path}: not read, since it has more than {LARGEST} bytes")
            return
        content = path.read_bytes()
    except OSError as error:
        yield Seen("", named, b"", f"{path}: cannot be read ({error.strerror})")
        return
    names = {checksum: name for name, checksum in checksums.items()}
    if whole := names.get(_sha256(content)):
        yield Seen(whole, named, content, _misnamed(str(path), whole, named))
        return
    is_empty = True
    for inside in unpacked(path.name, content, allowance, _is_wanted):
        is_empty = False
        yield _judged(inside, str(path.parent / inside.name))
    if is_empty:
        yield Seen("", named, b"", f"{path}: an archive that holds none of the four files")


def _judged(inside: Unpacked, place: str) -> Seen:
    named = usual_name(inside.name)
    if inside.problem:
        return Seen("", named, b"", f"{place}: {inside.problem}")
    names = {content.checksum: name for name, content in CONTENTS.items()}
    if whole := names.get(_sha256(inside.content)):
        wrapped = gzip.compress(inside.content, compresslevel=0, mtime=0)
        return Seen(whole, named, wrapped, _misnamed(place, whole, named))
    return Seen("", named, b"", f"{place}: {description(inside.content, named)}" if named else "")


def _misnamed(place: str, original: str, named: str) -> str:
    return f"{place}: this is {original}" if named and named != original else ""


def _is_wanted(name: str, size: int) -> bool:
    """Say whether a member of an archive, or a file, may be or hold one of the four files."""
    is_junk = name.startswith("__MACOSX") or Path(name).name.startswith("._")
    is_likely = USUAL.search(Path(name).name) or PACKED.search(name) or _is_as_large(size)
    return bool(is_likely) and not is_junk and size <= LARGEST


def _is_as_large(size: int) -> bool:
    return any(size == content.size for content in CONTENTS.values())


def _candidates(folder: Path) -> Candidates:
    if folder.is_file():
        other_form = [folder] if OTHER_FORM.search(folder.name) else []
        return Candidates([folder], other_form, is_cut=False)
    entries, is_cut = _entries(folder)
    usual = [entry for entry in entries if USUAL.search(entry[0].name)]
    sized = [entry for entry in entries if _is_as_large(entry[1])]
    packed = [entry for entry in entries if PACKED.search(entry[0].name)]
    sizes = dict([*usual, *sized, *packed])
    totals = accumulate(min(size, LARGEST) for size in sizes.values())
    paths = [path for path, total in zip(sizes, totals, strict=True) if total <= TOTAL]
    other_forms = [path for path, _ in entries if OTHER_FORM.search(path.name)]
    return Candidates(paths, other_forms[:1], is_cut or len(paths) < len(sizes))


def _entries(folder: Path) -> tuple[list[tuple[Path, int]], bool]:
    """Return the files below a folder with their sizes, and whether there were too many.

    The files of a folder come before those of the folders in it.
    """
    entries: list[tuple[Path, int]] = []
    places, visited, count = deque([(folder, LEVELS)]), set[tuple[int, int]](), 0
    while places:
        place, levels = places.popleft()
        try:
            with os.scandir(place) as listing:
                batch = list(islice(listing, ENTRIES - count + 1))
        except OSError as error:
            if place == folder:
                raise StudyError(f"{folder}: cannot be read ({error.strerror})") from None
            continue
        count += len(batch)
        for entry in sorted(batch, key=attrgetter("name")):
            if entry.name.startswith((".", "__MACOSX")):
                continue
            try:
                about = entry.stat()
            except OSError:  # a link to nothing
                continue
            if S_ISREG(about.st_mode):
                entries.append((place / entry.name, about.st_size))
            elif S_ISDIR(about.st_mode) and levels and (about.st_dev, about.st_ino) not in visited:
                visited.add((about.st_dev, about.st_ino))  # a link may lead to a folder above
                places.append((place / entry.name, levels - 1))
        if count > ENTRIES:
            return entries, True
    return entries, False


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
