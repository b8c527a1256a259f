from collections.abc import Callable

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from study.lab.by_hand import matrix_product

WAYS = (
    matrix_product.loops,
    matrix_product.broadcasting,
    matrix_product.einsum,
    matrix_product.operator,
)
Way = Callable[[Tensor, Tensor], Tensor]
every_way = pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)


@every_way
@settings(max_examples=30)
@given(rows=st.integers(0, 4), inner=st.integers(0, 4), columns=st.integers(0, 4))
def test_all_ways_give_the_same_product_of_whole_numbers(
    normal: Callable[..., Tensor], way: Way, rows: int, inner: int, columns: int
) -> None:
    # Sums of small whole numbers are not rounded in any order.
    a = (10 * normal(rows, inner)).round()
    b = (10 * normal(inner, columns, seed=1)).round()
    assert torch.equal(way(a, b), torch.mm(a, b))


@every_way
@pytest.mark.parametrize("kind", [torch.float32, torch.float64])
def test_a_product_keeps_precision_and_shape(way: Way, kind: torch.dtype) -> None:
    product = way(torch.ones(2, 3, dtype=kind), torch.ones(3, 4, dtype=kind))
    assert product.dtype == kind
    assert product.tolist() == [[3] * 4] * 2


@every_way
def test_the_example_of_the_chapter(way: Way) -> None:
    a, b = torch.tensor([[1.0, 2.0], [3.0, 4.0]]), torch.tensor([[5.0, 6.0], [7.0, 8.0]])
    assert way(a, b).tolist() == [[19, 22], [43, 50]]
