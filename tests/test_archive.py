"""Draws that are archived on one machine and pooled on another."""

import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from study import command_line, configuring, steps
from study.record import archive, provenance
from study.record.results import STEPS

Study = Callable[..., subprocess.CompletedProcess[str]]

NAME = "relu_second_moment"
PLACE = f"variance/{NAME}"
WORDS = (
    f"experiment={NAME}",
    "data=mnist_5k",
    "experiment.draws=3",
    "experiment.depth=3",
    "experiment.width=8",
    "experiment.images=4",
)
FILE = f"outputs/archive/{PLACE}.tar.xz"


@pytest.fixture
def made(study: Study, project: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a run with replays where that of plain settings lies; return its folder."""
    monkeypatch.setattr(
        steps, "draw_figures", lambda _, run: (run.folder / "figures").mkdir(exist_ok=True)
    )
    monkeypatch.setattr(configuring, "brief", lambda _, config: replace(config, width=5))
    assert study(*WORDS).returncode == 0
    folder = project / "outputs" / "latest" / PLACE
    (variant,) = folder.with_name(f"{NAME}-variants").iterdir()
    variant.rename(folder)
    return folder


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], Path]:
    """Move to another machine, with nothing but the archive and no data set."""

    def move() -> Path:
        root = tmp_path / "elsewhere"
        root.mkdir()
        shutil.copy(tmp_path / FILE, root / "draws.tar.xz")
        monkeypatch.setattr(command_line, "LATEST", root / "latest")
        monkeypatch.chdir(root)
        return root

    return move


def files(folder: Path) -> dict[str, str]:
    read = [path for path in folder.rglob("*") if path.is_file() and path.name != STEPS]
    return {str(path.relative_to(folder)): path.read_text(encoding="utf-8") for path in read}


def test_archived_draws_give_the_same_run_elsewhere(
    study: Study, made: Path, elsewhere: Callable[[], Path]
) -> None:
    assert study("archive", NAME).returncode == 0
    root = elsewhere()
    done = study("pool", "draws.tar.xz")
    assert done.returncode == 0
    pooled = root / "latest" / PLACE
    assert {"samples.csv", "replay.csv", "values.json", "claims.json", "provenance.json"} <= set(
        files(pooled)
    )
    assert files(pooled) == files(made)
    assert f"{NAME}: pooled from draws.tar.xz" in done.stdout


def test_the_same_draws_give_the_same_archive(study: Study, made: Path, project: Path) -> None:
    assert made.is_dir()
    study("archive", NAME)
    before = (project / FILE).read_bytes()
    study("archive", NAME)
    assert (project / FILE).read_bytes() == before


def test_draws_of_other_code_are_refused(
    study: Study, made: Path, elsewhere: Callable[[], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    study("archive", NAME)
    monkeypatch.setattr(provenance, "code_digest", lambda *_: "0" * 64)
    done = study("archive", NAME)
    assert done.returncode == 1
    assert "draws/0 is not kept for the code of today" in done.stderr
    root = elsewhere()
    done = study("pool", "draws.tar.xz")
    assert done.returncode == 1
    assert (
        "draws.tar.xz: made by other code or settings than are here; check out commit"
        in done.stderr
    )
    assert made.is_dir()
    assert not (root / "latest" / PLACE).exists()


def test_settings_that_are_not_those_of_the_draws_are_refused(
    study: Study, made: Path, elsewhere: Callable[[], Path]
) -> None:
    study("archive", NAME)
    root = elsewhere()
    content = archive.unpack(root / "draws.tar.xz")
    content["config.json"] = content["config.json"].replace('"width": 8', '"width": 9')
    archive.pack(root / "draws.tar.xz", content)
    done = study("pool", "draws.tar.xz")
    assert done.returncode == 1
    assert "made by other code or settings" in done.stderr
    assert made.is_dir()


def test_a_draw_that_is_missing_is_named(
    study: Study, made: Path, elsewhere: Callable[[], Path]
) -> None:
    study("archive", NAME)
    root = elsewhere()
    content = archive.unpack(root / "draws.tar.xz")
    del content["draws/1.json"]
    archive.pack(root / "draws.tar.xz", content)
    done = study("pool", "draws.tar.xz")
    assert done.stderr == "error: draws.tar.xz: draws/1.json: missing\n"
    assert made.is_dir()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("pool",), "pool: name the files that archive has written"),
        (("archive", NAME), f"latest/{PLACE}: no finished run here"),
    ],
)
def test_what_cannot_be_done_is_one_line(study: Study, words: tuple[str, ...], told: str) -> None:
    done = study(*words)
    assert done.returncode == 1
    assert done.stderr.endswith(f"{told}\n")
