"""The search for a learning rate: every arm with every rate of a grid, and which rate is chosen.

The choice has to be made on other draws or other images than those that are judged, unless what is
judged is the best that any rate can do. A grid can be relied on where its steps are at most 2 and
no choice lies at one of its edges: see :func:`is_coarse` and :meth:`Search.at_an_edge`.
"""

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import isfinite
from typing import Generic, TypeVar

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
