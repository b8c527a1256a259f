"""What is said of newer versions, from reports of pip and pytest."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests import upgrade

CONSTRAINTS = """\
# Exact versions.
hydra-core==1.3.8
Jinja2==3.1.6
numpy==2.4.6
old-friend==1.0; python_version < "3"
old-friend==2.0; python_version >= "3"
"""
PLAN = {
    "install": [
        {"metadata": {"name": name, "version": version}}
        for name, version in [
            ("hydra_core", "1.3.8+cpu"),
            ("jinja2", "3.2"),
            ("numpy", "2.5.5"),
            ("old-friend", "2.1"),
            ("kind-stranger", "0.1"),
        ]
    ]
}


def test_pins_are_those_for_this_python() -> None:
    assert upgrade.pins(CONSTRAINTS) == {
        "hydra-core": "1.3.8",
        "jinja2": "3.1.6",
        "numpy": "2.4.6",
        "old-friend": "2.0",
    }


def test_what_changes_is_named_once_however_it_is_written_or_built() -> None:
    changes = upgrade.changed(upgrade.pins(CONSTRAINTS), upgrade.newest(PLAN))
    assert changes == [
        ("jinja2", "3.1.6", "3.2"),
        ("kind-stranger", upgrade.NONE, "0.1"),
        ("numpy", "2.4.6", "2.5.5"),
        ("old-friend", "2.0", "2.1"),
    ]


def test_a_library_that_enters_fingerprints_is_pointed_out() -> None:
    (told,) = upgrade.warnings([("jinja2", "3.1.6", "3.2"), ("numpy", "2.4.6", "2.5.5")])
    assert told.startswith("numpy 2.5.5 for 2.4.6 enters every fingerprint")


def test_a_torch_for_cuda_is_pointed_out() -> None:
    (told,) = upgrade.warnings([("nvidia-cublas", upgrade.NONE, "13.1")])
    assert "gigabytes" in told


def test_new_constraints_keep_their_order_their_case_and_pins_for_other_pythons() -> None:
    assert upgrade.merged(CONSTRAINTS, upgrade.newest(PLAN)) == (
        "# Exact versions.\n"
        "hydra-core==1.3.8\n"
        "Jinja2==3.2\n"
        "kind-stranger==0.1\n"
        "numpy==2.5.5\n"
        'old-friend==1.0; python_version < "3"\n'
        'old-friend==2.1; python_version >= "3"\n'
    )


def test_what_is_needed_no_more_is_pinned_no_more() -> None:
    assert "numpy" not in upgrade.merged(CONSTRAINTS, {"jinja2": "3.2"})


def test_the_committed_constraints_are_merged_into_themselves() -> None:
    constraints = upgrade.CONSTRAINTS.read_text(encoding="utf-8")
    assert upgrade.merged(constraints, upgrade.pins(constraints)) == constraints


FAILING = {
    upgrade.REFERENCES: """
import pytest

pytestmark = pytest.mark.xdist_group("group")

@pytest.mark.parametrize("name", ["zero_padding", "fan_modes", "weight_fans"])
def test_draw(name):
    if name == "weight_fans":
        pytest.skip("no data")
    assert name != "fan_modes"

def test_verdicts():
    names = ["tanh_gain_training"] * 50 + ["he_facts"]
    assert [f"{name}: .verdict" for name in names] == []
""",
    "tests.test_other": """
def test_other():
    assert "weight_fans" == 1
""",
}


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What pytest, called as the session calls it, writes of tests that fail."""
    folder = tmp_path_factory.mktemp("failing")
    for module, text in FAILING.items():
        path = folder / f"{module.replace('.', '/')}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    options = ("--import-mode=importlib", "-o", "verbosity_assertions=2", "--junitxml=tests.xml")
    spread = ("-n", "1", "--dist", "loadgroup")
    command = [sys.executable, "-m", "pytest", f"--rootdir={folder}", *spread, *options]
    assert subprocess.run(command, cwd=folder, capture_output=True, check=False).returncode == 1
    return folder / "tests.xml"


def test_references_are_told_by_what_failing_tests_say_of_them(report: Path) -> None:
    failed = dict(upgrade.failures(report))
    assert len(failed) == 3
    names = ["fan_modes", "he_facts", "tanh_gain", "tanh_gain_training", "weight_fans"]
    assert upgrade.staled(failed, names) == ["fan_modes", "he_facts", "tanh_gain_training"]


def test_a_reference_that_was_not_looked_at_is_not_counted(report: Path) -> None:
    names = ["fan_modes", "weight_fans", "zero_padding", "tanh_gain"]
    assert upgrade.made_again(report, names) == {"fan_modes", "zero_padding"}


def test_the_outcome_is_printed_and_the_new_constraints_are_written(
    tmp_path: Path, report: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plan, new = tmp_path / "plan.json", tmp_path / "constraints.txt"
    plan.write_text(json.dumps(PLAN), encoding="utf-8")
    assert upgrade.main([str(plan)]) == 0
    assert "kind-stranger" in capsys.readouterr().out
    assert not new.exists()
    assert upgrade.main([str(plan), str(report)]) == 1
    told = capsys.readouterr().out
    assert "do not come out on these versions: fan_modes, tanh_gain_training." in told
    assert "first draw was made again: 2 of " in told
    assert "Tests that fail on them: 3." in told
    assert "kind-stranger==0.1" in new.read_text(encoding="utf-8").splitlines()
