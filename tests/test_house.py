"""What explains the project names what is there: results, licences, checks."""

import re
import subprocess
import sys
import tomllib
from dataclasses import fields
from pathlib import Path

import pytest
import yaml

from study import catalogue
from study.errors import StudyError
from study.record.claims import Claim
from tests.toys import CLAIM

PROJECT = Path(__file__).parents[1]
REFERENCE = PROJECT / "outputs" / "reference"
RAW = {"samples.csv", "replay.csv"}
"""Their columns are the draw and the keys of quantities."""


def named_in(page: Path) -> set[str]:
    """Return what a page sets as code."""
    return set(re.findall(r"`([^`]+)`", page.read_text(encoding="utf-8")))


def as_named(file: Path) -> str:
    """Return how the page on references names a file: a figure or a table by what it is."""
    if file.parent.name == "figures":
        return "figures/FIGURE" + file.name[file.name.index(".") :]
    return "TABLE.csv" if file.suffix == ".csv" and file.name not in RAW else file.name


def test_every_file_of_a_reference_is_explained() -> None:
    files = {as_named(path) for path in REFERENCE.rglob("*") if path.is_file()}
    assert sorted(files - {"README.md"} - named_in(REFERENCE / "README.md")) == []


def test_every_column_of_a_table_is_explained() -> None:
    columns = {
        (column, path.name)
        for path in REFERENCE.rglob("*.csv")
        if path.name not in RAW
        for column in path.read_text(encoding="utf-8").partition("\n")[0].split(",")
    }
    known = named_in(REFERENCE / "README.md")
    unknown = sorted(f"{column} in {table}" for column, table in columns if column not in known)
    assert unknown == [], "outputs/reference/README.md says what a column is"


def test_what_is_vendored_has_its_licence_beside_it() -> None:
    page = (PROJECT / "docs" / "licences.md").read_text(encoding="utf-8")
    vendored = {path.parent for path in (PROJECT / "docs" / "_static").glob("*/**/*.*")}
    assert vendored
    for folder in vendored:
        assert (folder / "LICENSE").is_file(), folder
        assert f"`{folder.relative_to(PROJECT).as_posix()}`" in page


def test_the_checks_elsewhere_call_those_of_the_project() -> None:
    hooks = yaml.safe_load((PROJECT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    entries = [hook["entry"].split() for repo in hooks["repos"] for hook in repo["hooks"]]
    lint = tomllib.loads((PROJECT / "pyproject.toml").read_text())["dependency-groups"]["lint"]
    modules = {entry[2] for entry in entries}
    assert {entry[0] for entry in entries} == {".nox/study/bin/python"}
    assert modules == {"ruff", "pytest"}
    assert any(str(one).startswith("ruff") for one in lint)
    jobs = yaml.safe_load((PROJECT / ".github/workflows/checks.yml").read_text())["jobs"]
    assert ".ci/run" in {step.get("run") for step in jobs["change"]["steps"]}
    assert (PROJECT / ".ci" / "run").stat().st_mode & 0o111


def test_templates_of_an_issue_ask_for_what_they_name() -> None:
    folder = PROJECT / ".github" / "ISSUE_TEMPLATE"
    forms = [path for path in folder.glob("*.yml") if path.name != "config.yml"]
    assert len(forms) == 3
    for form in forms:
        content = yaml.safe_load(form.read_text(encoding="utf-8"))
        ids = [field["id"] for field in content["body"]]
        assert len(ids) == len(set(ids)) > 0
        assert content["name"]
        assert content["description"]


def refuses_to_lack(field: str) -> bool:
    """Tell whether a claim without this field is refused."""
    arguments = {name: value for name, value in vars(CLAIM).items() if name != field}
    try:
        Claim(**arguments)
    except (StudyError, TypeError):
        return True
    return False


def test_the_fields_of_a_claim_are_required_as_the_guide_says() -> None:
    guide = (PROJECT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (`[`\w, ]+`) \| (yes|no|with two ends) \|", guide, re.MULTILINE)
    required = {name: word for names, word in rows for name in re.findall(r"\w+", names)}
    assert {name for name, word in required.items() if word != "no"} == {
        field.name for field in fields(Claim) if refuses_to_lack(field.name)
    }
    assert required.keys() <= {field.name for field in fields(Claim)}


@pytest.mark.full
def test_one_experiment_is_judged_alone() -> None:
    command = [sys.executable, "-m", "pytest", "--experiment", "tanh_gain", "--collect-only", "-q"]
    process = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=True)
    tests = [line for line in process.stdout.splitlines() if "::" in line]
    modules = {test.partition("::")[0] for test in tests}
    assert {path for path in modules if not path.startswith("tests/contract/")} == {
        "tests/experiments/variance/test_tanh_gain.py"
    }
    parameters = {test.partition("[")[2].split("-")[0].rstrip("]") for test in tests}
    assert parameters & {*catalogue.names()} == {"tanh_gain"}
