from collections.abc import Iterator
from math import inf, nan
from typing import Any, NamedTuple

import pytest

from study import catalogue, configuring
from study.lab.rate_search import (
    Choice,
    Search,
    best_rate,
    choose_rates,
    chosen_rates,
    doublings,
    is_coarse,
    search,
)


def test_the_best_rate_is_that_of_the_smallest_score() -> None:
    assert best_rate({0.01: 5.0, 0.1: 4.0, 1.0: inf}) == 0.1
    assert best_rate({0.1: 4.0, 0.01: 4.0, 1.0: nan}) == 0.01
    assert best_rate({1.0: inf, 0.1: nan}) == 0.1


SCORES = {
    "inside": {0.1: 3.0, 0.2: 1.0, 0.4: nan},
    "edge": {0.1: 1.0, 0.2: 2.0, 0.4: nan},
    "lost": {0.1: nan, 0.2: inf, 0.4: nan},
}


def searched() -> Search[str, dict[str, float]]:
    return search(
        SCORES,
        lambda arm: tuple(SCORES[arm]),
        lambda arm, rate: {"score": SCORES[arm][rate], "rate": rate},
        score=lambda outcome: outcome["score"],
    )


def test_a_search_keeps_what_is_left_of_the_best_training() -> None:
    assert searched().rate("inside") == 0.2
    assert searched().best("inside") == {"score": 1.0, "rate": 0.2}
    assert searched().rate("lost") == 0.1


def test_a_choice_at_an_edge_may_have_a_better_one_beyond() -> None:
    assert [searched().at_an_edge(arm) for arm in SCORES] == [False, True, True]


def test_what_diverged_is_counted_by_arm() -> None:
    assert [searched().diverged(arm) for arm in SCORES] == [1, 1, 3]


def test_the_table_has_a_row_for_each_training() -> None:
    rows = searched().rows(lambda arm: {"arm": arm}, lambda outcome: 10 * outcome["score"])
    assert rows[:2] == [
        {"arm": "inside", "learning_rate": 0.1, "sample": 30.0},
        {"arm": "inside", "learning_rate": 0.2, "sample": 10.0},
    ]
    assert len(rows) == 9
    assert [(arm, rate) for arm, rate, _ in searched()] == [
        (row["arm"], row["learning_rate"]) for row in rows
    ]


def test_arms_may_have_grids_of_their_own() -> None:
    grids = {"a": (0.1,), "b": (0.2, 0.4)}
    found = search("ab", lambda arm: grids[arm], lambda _, rate: rate, score=float)
    assert {arm: tuple(by_rate) for arm, by_rate in found.outcomes.items()} == grids


@pytest.mark.parametrize(
    ("rates", "coarse"),
    [
        ([0.1], False),
        ([0.1, 0.2, 0.4], False),
        ([0.4, 0.1, 0.2], False),
        ([0.35, 0.7, 1.4, 2.8, 5.6], False),
        ([0.1, 0.201], True),
        ([0.1, 0.2, 1.0], True),
    ],
)
def test_a_grid_is_coarse_if_a_step_is_of_more_than_two(rates: list[float], coarse: bool) -> None:  # noqa: FBT001
    assert is_coarse(rates) is coarse


COARSE = {
    "glorot_table",
    "start_of_training",
    "ten_thousand_layers",
}
"""Searches that were made before grids had to be fine; their numbers are published as they are."""


def grids(settings: Any) -> Iterator[list[float]]:  # noqa: ANN401 - of any depth
    """Yield every list of learning rates to choose from."""
    if isinstance(settings, dict):
        for name, value in settings.items():
            if name == "learning_rates" and not isinstance(value, dict):
                yield list(value)
            yield from grids(value)


def test_no_other_search_has_a_coarse_grid() -> None:
    coarse = {
        name
        for name in catalogue.names()
        if any(map(is_coarse, grids(configuring.plain_settings(name, "reference"))))
    }
    assert coarse == COARSE


class Named(NamedTuple):
    key: str


GRIDS = {Named("searched"): (0.1, 0.2, 0.4), Named("lone"): (0.3,)}


def choice() -> Choice:
    return choose_rates(GRIDS, lambda _arm, rate, draw: abs(rate - 0.1) + draw, draws=2)


def test_what_has_one_rate_is_not_searched() -> None:
    assert choice()["learning_rates"] == {"searched": 0.1, "lone": 0.3}
    assert list(choice()["scores"]) == ["searched"]
    assert choice()["scores"]["searched"]["0.1"] == [0.0, 1.0]


def test_a_rate_with_a_training_that_diverged_is_not_chosen() -> None:
    chosen = choose_rates(
        GRIDS, lambda _arm, rate, draw: nan if (rate, draw) == (0.1, 1) else rate, draws=2
    )
    assert chosen["learning_rates"]["searched"] == 0.2


def test_chosen_rates_say_where_a_better_one_may_lie_beyond() -> None:
    assert chosen_rates(GRIDS, choice()) == {
        "learning_rate.searched": 0.1,
        "at_an_edge.searched": 1.0,
        "rates.at_an_edge": 1.0,
        "rates.searched": 1.0,
    }


def test_a_grid_of_doublings_is_centred_and_not_coarse() -> None:
    assert doublings(0.1, reach=0) == (0.1,)
    assert not is_coarse(doublings(0.1, reach=3))
