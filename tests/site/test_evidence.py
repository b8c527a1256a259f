"""What is found behind a number."""

from dataclasses import replace
from pathlib import Path

import pytest

from study.record.results import Run, read_run
from study.site.evidence import code_of, figure_beside, figure_of, settings_of

ROOT = Path(__file__).parents[2]
METHOD = '''
"""A module."""


def all_of_it():
    """Not halving."""
    first()
    return {"thirds": 1, f"halving.{name}": 2}


def first():
    return {"halving": 2}
'''


PAGE = """# Page

(first)=
## First

Text.

(second)=
## Second

:::{result-figure} halving:level
It is level.
:::

## Third

:::{result-figure} halving:slope
:::
"""


@pytest.fixture
def run() -> Run:
    return read_run(ROOT / "outputs/reference/variance/relu_second_moment")


def test_the_smallest_function_that_names_a_quantity_is_shown(tmp_path: Path) -> None:
    path = tmp_path / "method.py"
    path.write_text(METHOD)
    found = code_of(path, "rate.halving.one")
    assert found is not None
    assert (found.name, found.line) == ("first", 11)
    assert found.text == 'def first():\n    return {"halving": 2}'
    assert code_of(path, "quarters.one") is None


def test_a_function_is_found_that_puts_a_key_together(tmp_path: Path) -> None:
    path = tmp_path / "method.py"
    path.write_text(
        "def all_of_it():\n    return {f'{kind}.{arm}': 1}\n\n"
        "def means():\n    return {f'{name}_mean.{arm}': 1, f'{name}_at': 2}\n"
    )
    for key in ("x_mean.one", "median.x_mean.one"):
        found = code_of(path, key)
        assert found is not None
        assert found.name == "means"
    # Two letters tell nothing, and nothing but a point tells less.
    assert code_of(path, "x_at.one") is None


def test_nearly_every_number_has_its_code() -> None:
    keys = [
        (method, claim["quantity"])
        for method in sorted((ROOT / "study/experiments").glob("*/*/method.py"))
        for claim in read_run(
            ROOT / "outputs/reference" / method.parent.parent.name / method.parent.name
        ).judgements
        if claim["quantity"]
    ]
    found = [code_of(*key) is not None for key in keys]
    assert sum(found) > 0.9 * len(found)


def test_the_figure_that_names_a_quantity_is_nearest(run: Run) -> None:
    figures = ROOT / "study/experiments/variance/relu_second_moment/figures.py"
    key = "activation_variance_over_preactivation_variance.two_over_n"
    assert figure_of(run, figures, key, "The variance.") == "what_a_relu_halves"
    assert figure_of(run, figures, "forward_factor.unit", "by slope") == "factor_by_slope"


def test_the_figure_beside_the_derivation_is_found_in_its_section(tmp_path: Path) -> None:
    (tmp_path / "page.md").write_text(PAGE)
    assert figure_beside(tmp_path, "second", "halving") == "level"
    assert figure_beside(tmp_path, "first", "halving") is None
    assert figure_beside(tmp_path, "second", "doubling") is None
    assert figure_beside(tmp_path, None, "halving") is None


def test_a_run_without_figures_has_none(run: Run, tmp_path: Path) -> None:
    bare = replace(run, folder=tmp_path)
    assert figure_of(bare, tmp_path / "figures.py", "halving.one", "") is None


def test_only_the_settings_of_the_arms_that_a_number_names_bear_on_it(run: Run) -> None:
    settings = dict(settings_of(run, "forward_factor.two_over_n"))
    assert list(settings["arms"]) == ["two_over_n"]
    assert settings["depth"] == run.settings["experiment"]["depth"]
    assert len(dict(settings_of(run, "forward_factor.unknown"))["arms"]) > 1
