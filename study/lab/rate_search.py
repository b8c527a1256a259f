"""The search for a learning rate: every arm with every rate of a grid, and which rate is chosen.

The choice has to be made on other draws or other images than those that are judged, unless what is
judged is the best that any rate can do. A grid can be relied on where its steps are at most 2 and
no choice lies at one of its edges: see :func:`is_coarse` and :meth:`Search.at_an_edge`.
"""

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import isfinite
from statistics import fmean
from typing import Generic, Protocol, TypedDict, TypeVar

Arm = TypeVar("Arm", bound=Hashable)
Outcome = TypeVar("Outcome")

LARGEST_STEP = 2.0
"""The largest quotient of neighbouring rates at which a grid does not miss the best one by much."""


@dataclass(frozen=True)
class Search(Generic[Arm, Outcome]):
    """What training with each learning rate left, and how good that is.

    Attributes:
        outcomes: what is left of each training, by arm and learning rate.
        score: of an outcome; the smaller the better, and not finite where the training diverged.
    """

    outcomes: Mapping[Arm, Mapping[float, Outcome]]
    score: Callable[[Outcome], float]

    def __iter__(self) -> Iterator[tuple[Arm, float, Outcome]]:
        """Go through the trainings: arm, learning rate and outcome."""
        return (
            (arm, rate, outcome)
            for arm, by_rate in self.outcomes.items()
            for rate, outcome in by_rate.items()
        )

    def rate(self, arm: Arm) -> float:
        """Return the learning rate that is chosen for an arm, see :func:`best_rate`."""
        return best_rate({rate: self.score(out) for rate, out in self.outcomes[arm].items()})

    def best(self, arm: Arm) -> Outcome:
        """Return what the training with the chosen rate left."""
        return self.outcomes[arm][self.rate(arm)]

    def at_an_edge(self, arm: Arm) -> bool:
        """Tell whether the least or the greatest rate is chosen: a better one may lie beyond."""
        rates = self.outcomes[arm]
        return self.rate(arm) in {min(rates), max(rates)}

    def diverged(self, arm: Arm) -> int:
        """Return with how many rates the training of an arm diverged."""
        return sum(not isfinite(self.score(outcome)) for outcome in self.outcomes[arm].values())

    def rows(
        self,
        labels: Callable[[Arm], Mapping[str, str | int | float]],
        sample: Callable[[Outcome], float],
    ) -> list[dict[str, str | int | float]]:
        """Return the table by learning rate: a row for each training.

        Args:
            labels: of the rows of an arm.
            sample: the number of a row; the table counts those that are not finite as diverged.
        """
        return [
            {**labels(arm), "learning_rate": rate, "sample": sample(outcome)}
            for arm, rate, outcome in self
        ]


def search(
    arms: Iterable[Arm],
    rates: Callable[[Arm], Sequence[float]],
    train: Callable[[Arm, float], Outcome],
    score: Callable[[Outcome], float],
) -> Search[Arm, Outcome]:
    """Train every arm with every learning rate of its grid.

    Args:
        arms: the arms.
        rates: the grid of an arm.
        train: trains an arm with a learning rate.
        score: of what is left of it; see :class:`Search`.

    >>> found = search("ab", lambda _: (0.1, 0.2), lambda arm, rate: rate, score=lambda left: -left)
    >>> found.rate("a"), found.at_an_edge("a")
    (0.2, True)
    """
    outcomes = {arm: {rate: train(arm, rate) for rate in rates(arm)} for arm in arms}
    return Search(outcomes, score)


def best_rate(scores: Mapping[float, float]) -> float:
    """Return the learning rate with the smallest finite score; of equals, or of none, the least.

    >>> best_rate({0.01: 3.0, 0.1: 3.0, 1.0: float("nan")})
    0.01
    """
    finite = [rate for rate, score in scores.items() if isfinite(score)]
    return min(finite, key=lambda rate: (scores[rate], rate), default=min(scores))


def is_coarse(rates: Iterable[float]) -> bool:
    """Tell whether a grid has a step, from one rate to the next, of more than 2.

    >>> is_coarse([0.01, 0.02, 0.04]), is_coarse([0.01, 0.03, 0.1]), is_coarse([0.1])
    (False, True, False)
    """
    slack = 1 + 1e-9  # of the quotient of two rounded numbers
    return any(high > slack * LARGEST_STEP * low for low, high in pairwise(sorted(rates)))


class Keyed(Hashable, Protocol):
    """An arm that has a name for the keys of quantities."""

    @property
    def key(self) -> str:
        """What it is called in the key of a quantity."""


KeyedArm = TypeVar("KeyedArm", bound=Keyed)


class Choice(TypedDict):
    """What is decided before the draws, by the key of the arm; as JSON holds it.

    ``scores`` has what each training of the search came to, by learning rate and draw, and nothing
    of an arm with one rate; ``learning_rates`` has the rate with the smallest mean.
    """

    scores: dict[str, dict[str, list[float]]]
    learning_rates: dict[str, float]


def choose_rates(
    grids: Mapping[KeyedArm, Sequence[float]],
    trial: Callable[[KeyedArm, float, int], float],
    draws: int,
) -> Choice:
    """Choose the learning rate of each arm: that with the smallest mean score.

    Args:
        grids: the learning rates of each arm; one with a single rate is not searched.
        trial: returns the score of one training, of an arm, a rate and the index of a draw that
            is not judged; not finite where it diverged.
        draws: how many trainings each rate is judged by.
    """

    def trials(arm: KeyedArm, rate: float) -> list[float]:
        return [trial(arm, rate, draw) for draw in range(draws)]

    rate_search = search(searched(grids), grids.__getitem__, trials, score=fmean)
    return Choice(
        scores={
            arm.key: {str(rate): scores for rate, scores in by_rate.items()}
            for arm, by_rate in rate_search.outcomes.items()
        },
        learning_rates={
            arm.key: rate_search.rate(arm) if arm in rate_search.outcomes else grid[0]
            for arm, grid in grids.items()
        },
    )


def searched(grids: Mapping[KeyedArm, Sequence[float]]) -> list[KeyedArm]:
    """Return the arms that have several learning rates to choose from."""
    return [arm for arm, grid in grids.items() if len(grid) > 1]


def chosen_rates(grids: Mapping[KeyedArm, Sequence[float]], choice: Choice) -> dict[str, float]:
    """Return the learning rate of each arm that was searched, and whether it lies at an edge.

    Args:
        grids: the learning rates of each arm.
        choice: what the search found.

    Returns:
        ``learning_rate.<key>``, and ``at_an_edge.<key>``, which is 1 for the least and for the
        greatest rate of a grid, beyond which a better one may lie, and else 0; and of how many
        arms this is so, ``rates.at_an_edge`` of ``rates.searched``.
    """
    rates = {arm: choice["learning_rates"][arm.key] for arm in searched(grids)}
    edges = {
        f"at_an_edge.{arm.key}": float(rate in {min(grids[arm]), max(grids[arm])})
        for arm, rate in rates.items()
    }
    return {
        **{f"learning_rate.{arm.key}": rate for arm, rate in rates.items()},
        **edges,
        "rates.at_an_edge": float(sum(edges.values())),
        "rates.searched": float(len(rates)),
    }


def doublings(centre: float, reach: int) -> tuple[float, ...]:
    """Return a grid of learning rates in steps of 2.

    Args:
        centre: the rate in the middle.
        reach: how many rates there are on either side of it.

    >>> doublings(0.1, reach=1)
    (0.05, 0.1, 0.2)
    """
    return tuple(centre * 2.0**step for step in range(-reach, reach + 1))
