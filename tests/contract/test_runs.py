"""What every experiment's draws keep to: three of quick size, and two of them made again."""

import json
import random
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch

from study import catalogue
from study.lab import mnist
from study.record.claims import Verdict, judge
from study.record.draws import draw_from_json, draw_to_json
from study.record.results import Result
from tests.subjects import subjects

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import ThreeDraws

NAMES = subjects()
STAND_IN = "mnist_5k"
"""Data that is always there."""

every_experiment = pytest.mark.parametrize("name", NAMES)


@pytest.fixture(scope="module")
def pristine() -> mnist.Mnist:
    """Give the embedded data as it was before any draw."""
    return mnist.load(mnist.find(STAND_IN), 256.0, torch.device("cpu"))


def states() -> list[str]:
    """Describe the global generators of random numbers."""
    numpy_state = np.random.get_state()  # noqa: NPY002 - it must stay untouched
    return [str(torch.get_rng_state().tolist()), str(numpy_state), str(random.getstate())]


def assert_same(found: Result, whole: Result) -> None:
    """Compare the samples of some draws with those of the same draws among all."""
    assert set(found.samples) == set(whole.samples)
    assert found.exact == whole.exact
    for key, numbers in whole.samples.items():
        expected = [numbers[whole.draws.index(draw)] for draw in found.draws]
        np.testing.assert_array_equal(found.samples[key], expected, err_msg=key)


@every_experiment
def test_a_draw_is_the_same_whatever_else_is_drawn_and_touches_nothing(
    name: str,
    three_draws: "Callable[[str], ThreeDraws]",
    embedded: mnist.Mnist,
    pristine: mnist.Mnist,
) -> None:
    whole = three_draws(name)
    before = states()
    # That there are fifty draws, of which these are made, is the caller's affair.
    again = catalogue.load(name).run(replace(whole.config, draws=50), embedded, iter([1, 0]))
    assert again.draws == (1, 0)
    assert_same(again, whole.result())
    assert states() == before
    made_again = {key: list(table) for key, table in again.tables.items()}
    assert made_again == {key: list(table) for key, table in whole.result([1, 0]).tables.items()}
    for mine, untouched in zip(embedded.splits, pristine.splits, strict=True):
        assert torch.equal(mine.images, untouched.images)
        assert torch.equal(mine.labels, untouched.labels)


@every_experiment
def test_a_draw_that_was_stored_makes_the_same_run(
    name: str, three_draws: "Callable[[str], ThreeDraws]"
) -> None:
    whole = three_draws(name)
    stored = {
        k: draw_from_json(json.loads(json.dumps(draw_to_json(one))))
        for k, one in whole.draws.items()
    }
    again = replace(whole, draws=stored).result()
    assert_same(again, whole.result())
    assert {key: list(table) for key, table in again.tables.items()} == {
        key: list(table) for key, table in whole.result().tables.items()
    }


@every_experiment
def test_draws_differ(name: str, three_draws: "Callable[[str], ThreeDraws]") -> None:
    samples = three_draws(name).result().samples
    assert any(len(set(numbers)) == 3 for numbers in samples.values())


@every_experiment
def test_numbers_are_plain_and_tables_even(
    name: str, three_draws: "Callable[[str], ThreeDraws]"
) -> None:
    result = three_draws(name).result()
    assert {type(x) for numbers in result.samples.values() for x in numbers} <= {int, float}
    assert {type(x) for x in result.exact.values()} <= {int, float}
    for table in result.tables.values():
        assert len({tuple(row) for row in table}) <= 1  # none where nothing is searched
        assert {type(cell) for row in table for cell in row.values()} <= {str, int, float}


@every_experiment
def test_what_a_claim_reads_is_measured_and_one_draw_decides_nothing(
    name: str, three_draws: "Callable[[str], ThreeDraws]"
) -> None:
    one = three_draws(name).result([2]).values
    claims = catalogue.load(name).claims
    assert [claim.id for claim in claims if claim.quantity not in one] == []
    touched = [claim for claim in claims if not one[claim.quantity].exact]
    verdicts = {claim.id: judge(claim, one, claim.data or STAND_IN) for claim in touched}
    undecided = {Verdict.INCONCLUSIVE, Verdict.NOT_TESTED}
    assert {id_: verdict for id_, verdict in verdicts.items() if verdict not in undecided} == {}
