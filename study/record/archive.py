"""Files in one file, with a checksum of each; the same files give the same bytes."""

import hashlib
import io
import lzma
import tarfile
from collections.abc import Mapping
from pathlib import Path

from study.errors import StudyError

SUMS = "SHA256SUMS"
"""The list of checksums, as ``sha256sum -c`` reads it."""


FAST = 1
"""Digits hardly compress, and more effort takes ten times as long and saves a tenth."""


def pack(path: Path, files: Mapping[str, str]) -> None:
    """Write texts into a compressed tar file, which appears as a whole.

    Args:
        path: of the file, which ends in ``.tar.xz``.
        files: the texts by their names in it.
    """
    content = {name: text.encode() for name, text in sorted(files.items())}
    sums = "".join(f"{_sum(data)}  {name}\n" for name, data in content.items())
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}")
    with lzma.open(draft, "wb", preset=FAST) as file, tarfile.open(fileobj=file, mode="w:") as tar:
        for name, data in {SUMS: sums.encode(), **content}.items():
            member = tarfile.TarInfo(name)  # of no time and of nobody
            member.size, member.mode = len(data), 0o644
            tar.addfile(member, io.BytesIO(data))
    draft.replace(path)


def unpack(path: Path) -> dict[str, str]:
    """Read the texts of a file that :func:`pack` wrote; nothing is written anywhere.

    Args:
        path: of the file.

    Returns:
        The texts by their names.

    Raises:
        StudyError: if it is no such file, if it is cut off, or if a checksum does not match.
    """
    try:
        with tarfile.open(path, "r:xz") as tar:
            texts = {
                member.name: content.read()
                for member in tar
                if (content := tar.extractfile(member)) is not None
            }
        sums = texts.pop(SUMS).decode()
    except (OSError, EOFError, KeyError, lzma.LZMAError, tarfile.TarError) as error:
        reason = getattr(error, "strerror", None) or "no archive of draws, or cut off"
        raise StudyError(f"{path}: {reason}") from None
    lines = (line.split("  ", 1) for line in sums.splitlines())
    checksums = {name: checksum for checksum, name in lines}
    if mismatches := sorted(checksums.keys() ^ texts.keys()):
        raise StudyError(
            f"{path}: {mismatches[0]}: in the list of checksums or in the file, not both"
        )
    for name, data in texts.items():
        if _sum(data) != checksums[name]:
            raise StudyError(f"{path}: {name}: its checksum is not that of the list")
    return {name: data.decode() for name, data in texts.items()}


def _sum(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
