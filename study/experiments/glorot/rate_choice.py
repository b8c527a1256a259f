"""The learning rate of each network, chosen before the draws by trainings of their own."""

from collections.abc import Iterable
from math import isfinite
from typing import TypedDict

from pydantic.dataclasses import dataclass

from study.lab.rate_search import Search
from study.record.draws import Row
from study.record.settings import STRICT, Count, Seed

FAILED = 100.0
"""The error that tables give for a training that diverged, in per cent, as if all were wrong."""


@dataclass(frozen=True, config=STRICT)
class RateSearch:
    """How learning rates are chosen: the seed of the trainings, and their length.

    They have weights that no draw has.
    """

    seed: Seed
    updates: Count


class Choice(TypedDict):
    """What is decided before the draws.

    ``validation_errors`` has what each training of the search ended with, in per cent, by network
    and by learning rate, infinite where it diverged; ``learning_rates`` the rate of each network.
    """

    validation_errors: dict[str, dict[str, float]]
    learning_rates: dict[str, float]


def chosen(trials: Search[str, float]) -> Choice:
    """Return the learning rate of each network: that with the smallest validation error.

    Args:
        trials: the validation error of each training, in per cent.
    """
    return Choice(
        validation_errors={
            name: {str(rate): error for rate, error in by_rate.items()}
            for name, by_rate in trials.outcomes.items()
        },
        learning_rates={name: trials.rate(name) for name in trials.outcomes},
    )


def search_rows(choice: Choice, networks: Iterable[str], rates: Iterable[float]) -> list[Row]:
    """Write down the search: a row per network and learning rate.

    Args:
        choice: what the search found.
        networks: in the order of the rows.
        rates: likewise.
    """
    rates = list(rates)
    rows: list[Row] = []
    for name in networks:
        for rate in rates:
            error = choice["validation_errors"][name][str(rate)]
            finite_error = error if isfinite(error) else FAILED
            rows.append({"arm": name, "learning_rate": rate, "validation_error": finite_error})
    return rows
