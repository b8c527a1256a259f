import ast
import json
import shutil
import subprocess
from importlib import metadata
from pathlib import Path

import pytest

from study import catalogue
from study.record import provenance

PROJECT = provenance.ROOT

TOOL = '''
"""A tool."""

from study.theory.law import FACTOR


def use(x: float) -> float:
    """Use it."""
    # multiply
    return FACTOR * x
'''

EXPERIMENT = '''
"""A toy."""

from study.lab import tool
from study.record.band import BAND
from study.theory.law import FACTOR as HALF

START = 1.0
LABEL = "x"


class Config:
    """Settings."""

    draws: int


def prepare(config: Config) -> float:
    """Prepare it."""
    return START


def measure(config: Config, inputs: float) -> float:
    """Run it."""
    # start
    figure = BAND = helper(inputs)
    return figure + BAND


def choose(config: Config, inputs: float) -> float:
    """Choose it."""
    return inputs


def exact(config: Config, inputs: float) -> float:
    """Compute it."""
    return 1 / inputs


def tables(draws: list[float]) -> list[float]:
    """Order it."""
    return sorted(draws)


def helper(x: float) -> float:
    """Help."""
    return tool.use(x)


def figure() -> str:
    """Draw it."""
    return LABEL


CLAIMS = (BAND, HALF)
'''

SPLITTING = """
def load(): return cut(50_000)
def cut(at): return at
def other(): return 1
"""

TOY = {
    "study/__init__.py": "",
    "study/experiments/__init__.py": "",
    "study/experiments/toy.py": EXPERIMENT,
    "study/lab/__init__.py": "",
    "study/lab/tool.py": TOOL,
    "study/lab/mnist.py": SPLITTING,
    "study/record/__init__.py": "",
    "study/record/band.py": "BAND = 0.02\n",
    "study/theory/__init__.py": "",
    "study/theory/law.py": "FACTOR = 0.5\n",
}


@pytest.fixture
def toy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Write a study of a few lines and fingerprint that one instead of this one."""
    for name, text in TOY.items():
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    monkeypatch.setattr(provenance, "ROOT", tmp_path)
    return tmp_path


def of_toy() -> str:
    return provenance.fingerprint("study.experiments.toy", {"draws": 2}, {"name": "mnist"})


def change(root: Path, name: str, old: str, new: str) -> None:
    file = root / "study" / name
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        pytest.param("experiments/toy.py", "# start", "# begin", id="a comment"),
        pytest.param("experiments/toy.py", "Run it.", "Go.", id="a docstring"),
        pytest.param("experiments/toy.py", "def measure", "\n\ndef measure", id="an empty line"),
        pytest.param("experiments/toy.py", '"x"', '"y"', id="a label of a figure"),
        pytest.param("experiments/toy.py", "return LABEL", "return 2 * LABEL", id="a figure"),
        pytest.param("experiments/toy.py", "(BAND, HALF)", "(HALF,)", id="a claim"),
        pytest.param("experiments/toy.py", "sorted(draws)", "draws", id="a table"),
        pytest.param("record/band.py", "0.02", "0.03", id="what a local variable is named after"),
        pytest.param("lab/tool.py", "# multiply", "# scale", id="a comment of a tool"),
        pytest.param("lab/mnist.py", "return 1", "return 2", id="a tool that is not used"),
        pytest.param("lab/tool.py", "Use it.", "Apply it.", id="a docstring of a tool"),
    ],
)
def test_what_does_not_decide_the_numbers_leaves_a_run_finished(
    toy: Path, name: str, old: str, new: str
) -> None:
    before = of_toy()
    change(toy, name, old, new)
    assert of_toy() == before


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        pytest.param("experiments/toy.py", "START = 1.0", "START = 2.0", id="a constant"),
        pytest.param("experiments/toy.py", "tool.use(x)", "tool.use(-x)", id="a helper"),
        pytest.param("experiments/toy.py", "helper(inputs)", "inputs", id="the draw"),
        pytest.param("experiments/toy.py", "draws: int", "draws: float", id="the settings"),
        pytest.param("experiments/toy.py", "return START", "return -START", id="what draws share"),
        pytest.param("experiments/toy.py", "return inputs", "return -inputs", id="a choice"),
        pytest.param("experiments/toy.py", "1 / inputs", "2 / inputs", id="an exact number"),
        pytest.param("lab/tool.py", "FACTOR * x", "FACTOR + x", id="a tool"),
        pytest.param("theory/law.py", "0.5", "0.6", id="what a tool imports"),
        pytest.param("lab/mnist.py", "50_000", "40_000", id="how the data is split"),
    ],
)
def test_what_decides_the_numbers_makes_a_run_unfinished(
    toy: Path, name: str, old: str, new: str
) -> None:
    before = of_toy()
    change(toy, name, old, new)
    assert of_toy() != before


@pytest.mark.usefixtures("toy")
def test_settings_and_data_are_part_of_the_fingerprint() -> None:
    module, settings, data = "study.experiments.toy", {"a": 1, "b": 2}, {"name": "mnist"}
    same = provenance.fingerprint(module, dict(reversed(settings.items())), data)
    assert provenance.fingerprint(module, settings, data) == same
    assert provenance.fingerprint(module, settings | {"a": 3}, data) != same
    assert provenance.fingerprint(module, settings, {"name": "mnist_5k"}) != same


@pytest.fixture
def copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(PROJECT / "study", tmp_path / "study", ignore=ignored)
    monkeypatch.setattr(provenance, "ROOT", tmp_path)
    return tmp_path


def fingerprints() -> dict[str, str]:
    return {n: provenance.fingerprint(catalogue.module(n), {}, {}) for n in catalogue.names()}


def test_a_change_of_a_number_in_the_laboratory_is_seen_by_every_experiment(copied: Path) -> None:
    before = fingerprints()
    change(copied, "lab/mnist.py", "EMBEDDED_SEED = 5000", "EMBEDDED_SEED = 5001")
    assert [name for name, now in fingerprints().items() if now == before[name]] == []


def test_a_change_of_claims_figures_or_tables_is_seen_by_no_experiment(copied: Path) -> None:
    before = fingerprints()
    for file in (copied / "study" / "experiments").glob("*/*/*.py"):
        text = file.read_text(encoding="utf-8")
        if file.stem in {"claims", "figures"}:
            text = 'raise RuntimeError("never read")\n'
        file.write_text(
            text.replace("\ndef tables(", "\nTABLES = 1\n\n\ndef tables("), encoding="utf-8"
        )
    assert fingerprints() == before


@pytest.mark.parametrize(
    "file",
    ["runner.py", "steps.py", "queue.py", "configuring.py", "catalogue.py", "engine/tasks.py"],
)
def test_a_change_of_the_machinery_is_seen_by_no_experiment(copied: Path, file: str) -> None:
    name = catalogue.names()[0]
    before = provenance.fingerprint(catalogue.module(name), {}, {})
    with (copied / "study" / file).open("a", encoding="utf-8") as source:
        source.write("\nCHANGED = 1\n")
    assert provenance.fingerprint(catalogue.module(name), {}, {}) == before


def test_every_statement_at_the_top_of_a_module_is_followed() -> None:
    left_out = [
        f"{path}: {ast.unparse(node)[:60]}"
        for path in (PROJECT / "study").rglob("*.py")
        for tree in [ast.parse(path.read_text(encoding="utf-8"))]
        for node in tree.body
        if not isinstance(node, ast.Import | ast.ImportFrom | ast.If)
        and not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))
        and node not in provenance._definitions(tree).values()
        and path.stem not in {"configuring", "plotting"}  # which call what is not the study's
    ]
    assert left_out == []


# Where a run was made ----------------------------------------------------------------------------


def git(root: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=A", "-c", "user.email=a@b.c", "-c", "commit.gpgsign=false"]
    command = ["git", "-C", str(root), *identity, *arguments]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return done.stdout.strip()


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    if shutil.which("git") is None:
        pytest.skip("git is not installed")
    (tmp_path / "source.py").write_text("X = 1\n")
    git(tmp_path, "init")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-m", "start")
    monkeypatch.setattr(provenance, "ROOT", tmp_path)
    return tmp_path


def described() -> dict[str, object]:
    return provenance.describe()


def test_a_clean_tree_is_named_by_its_commit(repository: Path) -> None:
    assert described()["commit"] == git(repository, "rev-parse", "HEAD")
    assert described()["dirty"] is False


@pytest.mark.parametrize("name", ["source.py", "new.py"])
def test_a_changed_or_a_new_source_makes_the_tree_dirty(repository: Path, name: str) -> None:
    (repository / name).write_text("X = 2\n")
    assert described()["dirty"] is True


def test_new_results_do_not_make_the_tree_dirty(repository: Path) -> None:
    (repository / "outputs").mkdir()
    (repository / "outputs" / "values.json").write_text("{}\n")
    assert described()["dirty"] is False


def test_a_tree_that_no_commit_names_is_dirty(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(provenance, "ROOT", tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert described()["commit"] == "unknown"
    assert described()["dirty"] is True


def test_the_description_is_what_this_machine_says() -> None:
    record = described()
    assert json.loads(json.dumps(record)) == record
    assert record["versions"] == {name: metadata.version(name) for name in provenance.PACKAGES}
    assert record["threads"] == 1


def test_the_peak_of_the_memory_is_in_bytes() -> None:
    # Torch alone takes more than this; a slip of the unit is a factor of a thousand.
    assert 100e6 < provenance.peak_memory() < 20e9


def test_a_formatted_string_is_text_that_no_python_quotes_in_a_way_of_its_own() -> None:
    def text(line: str) -> str:
        return provenance._statement(ast.parse(line).body[0])[0]

    one = """x = f"{a!r}: {', '.join(b):>{width}} of {c:.3f}" """
    assert text(one) == (
        "x = format((a, 114, None), ': ', (', '.join(b), -1, format('>', (width, -1, None))), "
        "' of ', (c, -1, format('.3f')))"
    )
    assert text(one.replace("c:.3f", "c:.4f")) != text(one)
    assert text(one.replace("a!r", "a")) != text(one)
    assert provenance._statement(ast.parse(one).body[0])[1] == ["a", "b", "c", "width"]
