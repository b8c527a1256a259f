"""A new experiment, begun in a copy of the project, where nothing but its own files is new."""

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from study import scaffold

PROJECT = Path(scaffold.__file__).parents[1]
NAME, PLACE = "thin_layers", "fans/thin_layers"

Study = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a copy of the project in which an experiment is begun."""
    folder = tmp_path_factory.mktemp("copy")
    for part in ("study", "conf", "tests", "outputs/reference"):
        for path in (PROJECT / part).rglob("*"):
            if path.is_file() and "__pycache__" not in path.parts:
                link = folder / path.relative_to(PROJECT)
                link.parent.mkdir(parents=True, exist_ok=True)
                link.symlink_to(path)
    for file in ("pyproject.toml", "constraints.txt", "docs"):
        (folder / file).symlink_to(PROJECT / file)
    done = python(folder, "-m", "study", "new", PLACE)
    assert done.returncode == 0, done.stderr
    assert [line for line in done.stdout.splitlines() if "/" in line and " " not in line] == [
        *scaffold.paths(PLACE)
    ]
    return folder


def python(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, *words]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_what_is_written_keeps_to_format_and_lint_rules(copy: Path) -> None:
    files = [path for path in scaffold.paths(PLACE) if path.endswith(".py")]
    for rules in (("format", "--check"), ("check",)):
        done = python(copy, "-m", "ruff", *rules, "--no-cache", *files)
        assert done.returncode == 0, done.stdout


@pytest.mark.full
def test_what_is_written_has_types(copy: Path) -> None:
    files = [path for path in scaffold.paths(PLACE) if path.endswith(".py")]
    done = python(copy, "-m", "mypy", *files)
    assert done.returncode == 0, done.stdout


@pytest.mark.full
def test_it_runs_as_it_stands_and_its_claim_is_judged(copy: Path) -> None:
    words = (f"experiment={NAME}", "scale=quick", "data=mnist_5k")
    done = python(copy, "-m", "study", *words)
    assert done.returncode == 0, done.stderr
    assert "reproduced" in done.stdout
    (folder,) = re.findall(r"numbers, tables and figures in (.+)", done.stdout)
    figures = {path.name for path in Path(folder, "figures").iterdir()}
    assert "factor_by_weight_variance.svg" in figures


def test_it_fails_its_contract_with_a_line_for_each_thing_to_do(copy: Path) -> None:
    own = (f"tests/contract/test_{part}.py" for part in ("claims", "settings"))
    options = ("-q", "-p", "no:cacheprovider", "--experiment", NAME)
    done = python(copy, "-m", "pytest", *options, *own)
    told = re.findall(r"^E +(?:AssertionError: )?(.*)$", done.stdout, flags=re.MULTILINE)
    assert "not in tests/claim_ids.txt: fill-in-thin-layers" in told
    assert f"{PLACE}: no reference" in told
    silent = [path for path in scaffold.paths(PLACE) if not any(path in line for line in told)]
    assert silent == []
    assert "3 failed" in done.stdout


@pytest.mark.parametrize(
    ("words", "line"),
    [
        ((), "new: name one experiment, with its group: new GROUP/NAME"),
        (("thin_layers",), "new thin_layers: group=: choose from batch_normalisation, depth_"),
        (("fan/thin_layers",), "new fan/thin_layers: group=fan: choose from batch_normalisation, "),
        (
            ("fans/ThinLayers",),
            "new fans/ThinLayers: name=ThinLayers: must be lower-case words joined by underscores",
        ),
        (("fans/class",), "new fans/class: name=class: must be lower-case words"),
        (("fans/tanh_gain",), "new fans/tanh_gain: name=tanh_gain: variance/tanh_gain has it"),
        (
            ("glorot/sigmoids",),
            "new glorot/sigmoids: name=sigmoids: the group shares a module of this name",
        ),
    ],
)
def test_what_cannot_be_an_experiment_is_refused_in_one_line(
    study: Study, project: Path, words: tuple[str, ...], line: str
) -> None:
    done = study("new", *words)
    assert done.returncode == 1
    assert done.stderr.startswith(f"error: {line}")
    assert done.stderr.count("\n") == 1
    assert list(project.iterdir()) == []


def test_no_file_that_is_there_is_written_over(study: Study, project: Path) -> None:
    settings = project / "conf" / "experiment" / "fans" / "thin_layers.yaml"
    settings.parent.mkdir(parents=True)
    settings.write_text("seed: 7\n")
    done = study("new", PLACE)
    assert done.stderr == f"error: new {PLACE}: {settings.relative_to(project)} is there already\n"
    assert settings.read_text() == "seed: 7\n"
    assert not (project / "study").exists()


# The worked example ------------------------------------------------------------------------------

EXAMPLE = PROJECT / "docs" / "worked-example.md"
BLOCK = re.compile(r"^`([\w./]+)`:\n\n```\w+\n(.*?)^```$", re.DOTALL | re.MULTILINE)
WORKED = "variance/dropout_second_moment"


@pytest.fixture(scope="module")
def worked(copy: Path) -> Path:
    """Write the files of the worked example over those of an experiment that is begun."""
    assert python(copy, "-m", "study", "new", WORKED).returncode == 0
    files = dict(BLOCK.findall(EXAMPLE.read_text(encoding="utf-8")))
    assert files.keys() == scaffold.paths(WORKED).keys()
    for path, text in files.items():
        (copy / path).write_text(text, encoding="utf-8")
    return copy


def test_the_worked_example_keeps_to_the_rules_and_leaves_nothing_to_be_filled_in(
    worked: Path,
) -> None:
    files = [path for path in scaffold.paths(WORKED) if path.endswith(".py")]
    for rules in (("format", "--check"), ("check",)):
        done = python(worked, "-m", "ruff", *rules, "--no-cache", *files)
        assert done.returncode == 0, done.stdout
    texts = [(worked / path).read_text(encoding="utf-8") for path in scaffold.paths(WORKED)]
    assert not any(map(scaffold.MARK.search, texts))


def test_the_claims_of_the_worked_example_are_reproduced_and_its_own_tests_pass(
    worked: Path,
) -> None:
    words = (f"experiment={WORKED}", "scale=quick", "data=mnist_5k")
    done = python(worked, "-m", "study", *words)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count(" reproduced ") == 3
    (tests,) = (path for path in scaffold.paths(WORKED) if path.startswith("tests/"))
    done = python(worked, "-m", "pytest", "-q", "-p", "no:cacheprovider", tests)
    assert done.returncode == 0, done.stdout
