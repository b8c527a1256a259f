from math import inf, isnan, nan

import pytest

from study.experiments.glorot.ratios import geometric, ratio


def test_a_ratio_to_nothing_is_no_number() -> None:
    assert ratio(3.0, 2.0) == 1.5
    assert ratio(0.0, 2.0) == 0.0
    assert isnan(ratio(0.0, 0.0))
    assert isnan(ratio(1.0, nan))


@pytest.mark.parametrize("odd", [0.0, -1.0, nan, inf])
def test_a_geometric_mean_needs_positive_numbers(odd: float) -> None:
    assert geometric([2.0, 8.0]) == pytest.approx(4.0)
    assert isnan(geometric([2.0, odd]))
