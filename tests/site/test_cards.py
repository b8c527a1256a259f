"""What a card says beside its verdict."""

import pytest

from study.record.estimates import Estimate, exactly
from study.site.claims import rests_on

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
