from math import inf, isnan, nan

import pytest

from study.theory.quotients import geometric, quotient


def test_a_quotient_by_nothing_is_no_number() -> None:
    assert quotient(3.0, 2.0) == 1.5
    assert quotient(0.0, 2.0) == 0.0
    assert isnan(quotient(0.0, 0.0))
    assert isnan(quotient(1.0, nan))


@pytest.mark.parametrize("odd", [0.0, -1.0, nan, inf])
def test_a_geometric_mean_needs_positive_numbers(odd: float) -> None:
    assert geometric([2.0, 8.0]) == pytest.approx(4.0)
    assert isnan(geometric([2.0, odd]))
