"""Makes what an archive wants of a version: ``python -m study.release HTML FOLDER``.

``nox -s release`` builds the site and calls it. The folder then holds one file with the sources and
the built site, its checksum, and the version described for Zenodo and as CodeMeta has it.
"""

import hashlib
import json
import sys
import tarfile
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

from study.errors import StudyError
from study.interrupts import say
from study.record import citation
from study.record.citation import Study
from study.record.git import git

ROOT = Path(__file__).parents[1]


def checked(study: Study, root: Path) -> Study:
    """Return how a version is cited, if it can be released.

    Args:
        study: how it is cited.
        root: the project's folder, in a git repository.

    Raises:
        StudyError: if an address is a stand-in, or something is not committed.
    """
    if not study.published:
        raise StudyError(
            f"{citation.FILE}: url={study.site}, repository-code={study.code}: stand-ins; write "
            "where the site and the code are published"
        )
    if lines := git(root, "status", "--porcelain").decode().splitlines():
        raise StudyError(f"release: commit {', '.join(line[3:] for line in lines[:3])} first")
    return study


def bundle(root: Path, html: Path, study: Study) -> bytes:
    """Return the sources of the last commit and the built site as one file; the same each time.

    Args:
        root: the project's folder.
        html: the built site.
        study: how the version is cited.
    """
    name = f"{citation.KEY}-{study.version}"
    sources = git(root, "archive", "--format=tar", f"--prefix={name}/", "HEAD")
    seconds = int(git(root, "log", "-1", "--format=%ct").decode())
    content = BytesIO(sources)
    with tarfile.open(fileobj=content, mode="a") as archive:
        for path in sorted(path for path in html.rglob("*") if path.is_file()):
            entry = tarfile.TarInfo(f"{name}/site/{path.relative_to(html).as_posix()}")
            entry.size, entry.mtime = path.stat().st_size, seconds
            with path.open("rb") as file:
                archive.addfile(entry, file)
    return content.getvalue()


def zenodo(study: Study) -> dict[str, Any]:
    """Return a version as Zenodo describes it."""
    return {
        "title": study.title,
        "upload_type": "software",
        "description": study.abstract,
        "creators": [{"name": author} for author in study.authors],
        "version": study.version,
        "publication_date": study.released,
        "license": study.licence,
        "keywords": list(study.keywords),
        "related_identifiers": [
            {"identifier": study.site, "relation": "isDocumentedBy", "scheme": "url"},
            {"identifier": study.code, "relation": "isSupplementTo", "scheme": "url"},
        ],
    }


def codemeta(study: Study) -> dict[str, Any]:
    """Return a version as CodeMeta describes it."""
    return {
        "@context": "https://w3id.org/codemeta/3.0",
        "@type": "SoftwareSourceCode",
        "name": study.title,
        "description": study.abstract,
        "author": [{"@type": "Organization", "name": author} for author in study.authors],
        "version": study.version,
        "datePublished": study.released,
        "license": f"https://spdx.org/licenses/{study.licence}",
        "codeRepository": study.code,
        "url": study.site,
        "programmingLanguage": "Python",
        "keywords": list(study.keywords),
    }


def release(root: Path, html: Path, folder: Path) -> dict[str, str]:
    """Write all files of a release.

    Args:
        root: the project's folder.
        html: the built site.
        folder: where the files go.

    Returns:
        The SHA-256 of each file, by name.
    """
    study = checked(citation.read_study(root), root)
    files: Mapping[str, bytes] = {
        f"{citation.KEY}-{study.version}.tar": bundle(root, html, study),
        ".zenodo.json": _json(zenodo(study)),
        "codemeta.json": _json(codemeta(study)),
        citation.FILE: (root / citation.FILE).read_bytes(),
    }
    folder.mkdir(parents=True, exist_ok=True)
    sums = {}
    for name, content in files.items():
        (folder / name).write_bytes(content)
        sums[name] = hashlib.sha256(content).hexdigest()
    lines = "".join(f"{digest}  {name}\n" for name, digest in sums.items())
    (folder / "SHA256SUMS").write_text(lines, encoding="utf-8")
    return sums


def _json(content: Mapping[str, Any]) -> bytes:
    return (json.dumps(content, ensure_ascii=False, indent=2) + "\n").encode()


def main() -> int:
    """Write a release of the project from its built site, and say what was written."""
    html, folder = map(Path, sys.argv[1:])
    try:
        sums = release(ROOT, html, folder)
    except StudyError as error:
        return say(str(error), code=1)
    for name, digest in sums.items():
        print(f"{digest}  {folder / name}")  # noqa: T201 - the command line's answer
    return 0


if __name__ == "__main__":
    sys.exit(main())
