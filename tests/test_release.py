"""What an archive is given of a version."""

import hashlib
import json
import subprocess
import tarfile
from pathlib import Path

import pytest

import study
from study import release
from study.errors import StudyError
from study.record import citation
from study.record.git import GIT

ROOT = Path(__file__).parents[1]


def git(root: Path, *words: str) -> None:
    identity = ("-c", "user.name=Ada", "-c", "user.email=ada@toys.example")
    subprocess.run([GIT, "-C", str(root), *identity, *words], check=True, capture_output=True)


@pytest.fixture
def toys(tmp_path: Path) -> Path:
    """Return a project that can be released, with its site beside it."""
    root = tmp_path / "toys"
    root.mkdir()
    text = (ROOT / citation.FILE).read_text(encoding="utf-8")
    (root / citation.FILE).write_text(text.replace(".example", ".org"), encoding="utf-8")
    (root / "toy.py").write_text("print()\n")
    git(root, "init", "-q")
    git(root, "add", ".")
    git(root, "commit", "-qm", "Begin")
    (tmp_path / "html/c/he-halves").mkdir(parents=True)
    (tmp_path / "html/c/he-halves/index.html").write_text("It halves.")
    return root


def test_a_release_holds_sources_and_site_and_says_so(toys: Path, tmp_path: Path) -> None:
    sums = release.release(toys, tmp_path / "html", tmp_path / "out")
    name = f"signal-through-depth-{study.__version__}"
    with tarfile.open(tmp_path / f"out/{name}.tar") as archive:
        members = set(archive.getnames())
    assert {f"{name}/toy.py", f"{name}/site/c/he-halves/index.html"} <= members
    lines = (tmp_path / "out/SHA256SUMS").read_text().splitlines()
    assert {line.split("  ")[1]: line.split("  ")[0] for line in lines} == sums
    for file, digest in sums.items():
        assert hashlib.sha256((tmp_path / "out" / file).read_bytes()).hexdigest() == digest
    described = json.loads((tmp_path / "out/codemeta.json").read_text())
    assert described["version"] == study.__version__
    assert json.loads((tmp_path / "out/.zenodo.json").read_text())["creators"]


def test_a_release_made_again_is_the_same(toys: Path, tmp_path: Path) -> None:
    first, second = (
        release.release(toys, tmp_path / "html", tmp_path / folder) for folder in ("one", "two")
    )
    assert first == second
    (tmp_path / "html/c/he-halves/index.html").write_text("It does not.")
    assert release.release(toys, tmp_path / "html", tmp_path / "three") != first


def test_stand_ins_for_addresses_are_refused(toys: Path, tmp_path: Path) -> None:
    (toys / citation.FILE).write_bytes((ROOT / citation.FILE).read_bytes())
    with pytest.raises(StudyError, match=r"CITATION\.cff: url=.*: stand-ins; write where"):
        release.release(toys, tmp_path / "html", tmp_path / "out")


def test_what_is_not_committed_is_not_released(toys: Path, tmp_path: Path) -> None:
    (toys / "toy.py").write_text("print(2)\n")
    with pytest.raises(StudyError, match=r"release: commit toy\.py first"):
        release.release(toys, tmp_path / "html", tmp_path / "out")


def test_there_is_one_version_and_one_day_everywhere() -> None:
    cited = citation.read_study(ROOT)
    assert cited.version == study.__version__
    pyproject = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert f'\nversion = "{cited.version}"\n' in pyproject
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    headings = [line for line in changelog.splitlines() if line.startswith("## ")]
    assert headings[0] == f"## {cited.version}, {cited.released}"
