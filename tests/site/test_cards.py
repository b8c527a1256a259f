"""What a card says beside its verdict."""

import pytest

from study.record.estimates import Estimate, exactly
from study.site.cards import off, rests_on

CLAIM = {"prediction": 2.0, "distance": 3.0}
SEVEN, EIGHT = (Estimate(1.0, 0.1, draws) for draws in (7, 8))


@pytest.mark.parametrize(
    ("quantity", "value", "is_said"),
    [
        ("mean.tanh", SEVEN, True),
        ("mean.tanh", EIGHT, False),
        ("rate.tanh", SEVEN, False),
        ("median.tanh", SEVEN, False),
        ("mean.tanh", exactly(1.0), False),
        ("mean.tanh", None, False),
    ],
)
def test_few_draws_are_said_to_be_few(
    quantity: str, value: Estimate | None, *, is_said: bool
) -> None:
    assert bool(dict(rests_on({"quantity": quantity}, value))) is is_said


@pytest.mark.parametrize(
    ("kind", "value", "distance"),
    [
        (
            "law",
            1.9,
            "; 3 half widths of the interval away, so the interval excludes the prediction",
        ),
        ("finding", 1.9, "; 5 % away"),
        ("exact print", 2.00001, "; less than 0.01 % away"),
        ("print", 1.9, ""),
        ("finding", float("nan"), ""),
    ],
)
def test_the_distance_of_a_prediction_is_told(kind: str, value: float, distance: str) -> None:
    assert off(CLAIM | {"kind": kind}, Estimate(value, 0.03, 9)) == distance


def test_no_distance_is_told_of_a_difference_that_is_to_be_none() -> None:
    assert off({"kind": "identity", "prediction": 0.0, "distance": None}, SEVEN) == ""
