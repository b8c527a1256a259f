"""What gzip, bzip2, xz, zip and tar hold, in any nesting, and never more than so many bytes.

What a file is wrapped in is told by its first bytes, not by its name.
"""

import bz2
import gzip
import lzma
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from io import BufferedIOBase, BytesIO
from typing import IO

STEP = 2**20
"""So many bytes are unpacked at once."""
DEPTH = 4
"""So many wrappings inside each other are opened, as of a file in gzip, in tar, in gzip, in zip."""
MEMBERS = 10_000
"""So many members of an archive are looked at."""
XZ_MEMORY = 128 * 2**20
"""What xz may take to unpack, twice what its highest level needs."""
FOREIGN = {
    b"7z\xbc\xaf\x27\x1c": "7-Zip",
    b"Rar!": "RAR",
    b"\x28\xb5\x2f\xfd": "Zstandard",
    b"\x1f\x9d": "compress",
    b"\x04\x22\x4d\x18": "LZ4",
}
"""Wrappings that Python's library does not open, by their first bytes."""

Wanted = Callable[[str, int], bool]
"""Whether a member of an archive, of this name and size, is worth unpacking."""


class Allowance:
    """How many bytes may still be unpacked, in one wrapping and in all.

    Args:
        single: in one wrapping.
        total: in all.
    """

    def __init__(self, single: int, total: int) -> None:
        self.single, self.left = single, total

    def joined(self, chunks: Iterable[bytes]) -> bytes:
        """Return chunks as one, unless they are too many.

        Raises:
            UnpackingError: if they are; no more of them are asked for.
        """
        parts, size, most = [], 0, min(self.single, self.left)
        for chunk in chunks:
            size += len(chunk)
            self.left -= len(chunk)
            if size > most:
                raise UnpackingError(f"not unpacked, since it holds more than {max(most, 0)} bytes")
            parts.append(chunk)
        return b"".join(parts)


class UnpackingError(Exception):
    """More is wrapped than may be unpacked."""


@dataclass(frozen=True)
class Unpacked:
    """Something that is wrapped no more, or that cannot be unwrapped.

    Attributes:
        name: of the file, followed by the member of each archive on the way, with slashes.
        content: its bytes; of what cannot be unwrapped, those that were to be.
        problem: what is wrong with its wrapping; empty if nothing is.
    """

    name: str
    content: bytes
    problem: str = ""


def unpacked(
    name: str, content: bytes, allowance: Allowance, is_wanted: Wanted, depth: int = DEPTH
) -> Iterator[Unpacked]:
    """Yield what a file holds when all its wrappings are taken off.

    Args:
        name: of the file.
        content: its bytes.
        allowance: what may be unpacked.
        is_wanted: which members of archives are unpacked.
        depth: how many wrappings may lie inside each other.

    Yields:
        The file itself if it is not wrapped.

    >>> [found] = unpacked("a.gz", gzip.compress(b"text"), Allowance(9, 9), lambda *_: True)
    >>> found
    Unpacked(name='a.gz', content=b'text', problem='')
    """
    wrapping = wrapping_of(content)
    if not wrapping:
        yield Unpacked(name, content)
        return
    if wrapping not in OPENERS or not depth:
        reason = "too many wrappings" if wrapping in OPENERS else "not opened here"
        yield Unpacked(name, content, f"wrapped by {wrapping}: {reason}; unpack it first")
        return
    try:
        for member, inside in OPENERS[wrapping](content, allowance, is_wanted):
            path = f"{name}/{member}" if member else name
            if isinstance(inside, bytes):
                yield from unpacked(path, inside, allowance, is_wanted, depth - 1)
            else:
                yield Unpacked(path, b"", f"wrapped by {wrapping}: {_fault(inside)}")
    except DAMAGE as error:
        yield Unpacked(name, content, f"wrapped by {wrapping}: {_fault(error)}")


def wrapping_of(content: bytes) -> str:
    """Name what bytes are wrapped in; empty if in nothing that is known.

    >>> wrapping_of(b"BZh91AY&SY"), wrapping_of(b"text")
    ('bzip2', '')
    """
    if content[257:262] == b"ustar":
        return "tar"
    return next((name for start, name in STARTS.items() if content.startswith(start)), "")


def _fault(error: Exception) -> str:
    if isinstance(error, EOFError):
        return "truncated"
    if isinstance(error, UnpackingError):
        return str(error)
    if isinstance(error, RuntimeError):  # zipfile's; NotImplementedError is one, too
        is_unknown = isinstance(error, NotImplementedError)
        return "packed in a way that is not opened here" if is_unknown else "asks for a password"
    if "Memory usage limit" in str(error):
        return "takes too much memory to unpack"
    return "truncated or damaged" if isinstance(error, ARCHIVE_DAMAGE) else "damaged"


Opened = Iterator[tuple[str, bytes | Exception]]
"""Each member by its name, empty if there is one only; or why it cannot be had."""


def _gzip(content: bytes, allowance: Allowance, _: Wanted) -> Opened:
    with gzip.GzipFile(fileobj=BytesIO(content)) as stream:
        yield "", allowance.joined(_chunks(stream))


def _bzip2(content: bytes, allowance: Allowance, _: Wanted) -> Opened:
    with bz2.BZ2File(BytesIO(content)) as stream:
        yield "", allowance.joined(_chunks(stream))


def _xz(content: bytes, allowance: Allowance, _: Wanted) -> Opened:
    def chunks() -> Iterator[bytes]:  # LZMAFile knows no limit of memory
        opener, packed = lzma.LZMADecompressor(memlimit=XZ_MEMORY), content
        while not opener.eof:
            if opener.needs_input and not packed:
                raise EOFError
            yield opener.decompress(packed, STEP)
            packed = b""

    yield "", allowance.joined(chunks())


def _zip(content: bytes, allowance: Allowance, is_wanted: Wanted) -> Opened:
    with zipfile.ZipFile(BytesIO(content)) as archive:
        for member in archive.infolist()[:MEMBERS]:
            if member.is_dir() or not is_wanted(member.filename, member.file_size):
                continue
            try:
                with archive.open(member) as stream:
                    yield member.filename, allowance.joined(_chunks(stream))
            except DAMAGE as error:
                yield member.filename, error


def _tar(content: bytes, allowance: Allowance, is_wanted: Wanted) -> Opened:
    with tarfile.open(fileobj=BytesIO(content), mode="r:") as archive:
        for count, member in enumerate(archive):
            if count == MEMBERS:
                return
            if not member.isreg() or not is_wanted(member.name, member.size):
                continue
            stream = archive.extractfile(member)
            assert stream is not None  # noqa: S101 - a regular file has one
            try:
                inside: bytes | Exception = allowance.joined(_chunks(stream))
            except DAMAGE as error:
                inside = error
            yield member.name, inside


def _chunks(stream: IO[bytes] | BufferedIOBase) -> Iterator[bytes]:
    while chunk := stream.read(STEP):
        yield chunk


OPENERS: dict[str, Callable[[bytes, Allowance, Wanted], Opened]] = {
    "gzip": _gzip,
    "bzip2": _bzip2,
    "xz": _xz,
    "zip": _zip,
    "tar": _tar,
}
STARTS = {
    b"\x1f\x8b": "gzip",
    b"BZh": "bzip2",
    b"\xfd7zXZ\0": "xz",
    b"PK\x03\x04": "zip",
    b"PK\x05\x06": "zip",
    **FOREIGN,
}
ARCHIVE_DAMAGE = (zipfile.BadZipFile, tarfile.TarError)
DAMAGE = (
    UnpackingError,
    EOFError,
    OSError,
    RuntimeError,
    ValueError,
    zlib.error,
    lzma.LZMAError,
    *ARCHIVE_DAMAGE,
)
"""What Python's library raises of a wrapping that it cannot open."""
