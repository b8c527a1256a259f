from collections.abc import Callable, Sequence

import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from study.lab.by_hand import convolution as by_hand

Normal = Callable[..., Tensor]
Gradients = Callable[[Callable[..., Tensor], Sequence[Tensor], Tensor], list[Tensor]]
Check = Callable[[Sequence[Tensor], Sequence[Tensor]], None]

SIZES = st.integers(1, 6)


@settings(max_examples=60)
@given(
    n=st.integers(0, 3),
    channels=st.tuples(st.integers(1, 3), st.integers(1, 3)),
    image=st.tuples(SIZES, SIZES),
    kernel=st.tuples(st.integers(1, 3), st.integers(1, 3)),
    stride=st.integers(1, 3),
    padding=st.integers(0, 2),
)
def test_a_convolution_and_its_gradients_are_torchs(  # noqa: PLR0913 - fixtures and shapes
    normal: Normal,
    autograd: Gradients,
    same: Check,
    *,
    n: int,
    channels: tuple[int, int],
    image: tuple[int, int],
    kernel: tuple[int, int],
    stride: int,
    padding: int,
) -> None:
    assume(all(k <= length + 2 * padding for k, length in zip(kernel, image, strict=True)))
    into, out = channels
    inputs = [normal(n, into, *image), normal(out, into, *kernel, seed=1), normal(out, seed=2)]

    def torchs(x: Tensor, w: Tensor, b: Tensor) -> Tensor:
        return nn.functional.conv2d(x, w, b, stride=stride, padding=padding)

    expected = torchs(*inputs)
    same([by_hand.convolution(*inputs, stride=stride, padding=padding)], [expected])
    cotangent = normal(*expected.shape, seed=3)
    x, w, _ = inputs
    found = by_hand.convolution_backward(cotangent, x, w, stride=stride, padding=padding)
    if n:  # torch gives no gradient of a kernel that has seen no image
        same(found, autograd(torchs, inputs, cotangent))
    assert [tensor.shape for tensor in found] == [tensor.shape for tensor in inputs]
    assert n or not any(tensor.any() for tensor in found)


def test_a_convolution_has_the_gradients_of_finite_differences(
    normal: Normal, differences: Gradients, near: Check
) -> None:
    inputs = [normal(2, 2, 4, 3), normal(2, 2, 3, 2, seed=1), normal(2, seed=2)]

    def forward(x: Tensor, w: Tensor, b: Tensor) -> Tensor:
        return by_hand.convolution(x, w, b, stride=2, padding=1)

    cotangent = normal(*forward(*inputs).shape, seed=3)
    x, w, _ = inputs
    found = by_hand.convolution_backward(cotangent, x, w, stride=2, padding=1)
    near(found, differences(forward, inputs, cotangent))


@settings(max_examples=30)
@given(stride=st.integers(1, 3), padding=st.integers(0, 2), kernel=st.integers(1, 3))
def test_fold_is_the_transpose_of_unfold(
    normal: Normal, stride: int, padding: int, kernel: int
) -> None:
    x = normal(2, 2, 5, 4)
    patches = by_hand.unfold(x, kernel, kernel, stride=stride, padding=padding)
    other = normal(*patches.shape, seed=1)
    folded = by_hand.fold(other, x.shape, kernel, kernel, stride=stride, padding=padding)
    # ⟨unfold x, p⟩ = ⟨x, fold p⟩; sums of fewer than 1,000 products below 10.
    assert torch.isclose((patches * other).sum(), (x * folded).sum(), rtol=0, atol=1e4 * 2**-52)


def test_unfold_is_torchs_with_rows_for_columns(normal: Normal) -> None:
    x = normal(2, 3, 6, 5)
    expected = nn.functional.unfold(x, (3, 2), stride=2, padding=1)  # (n, patch, places)
    found = by_hand.unfold(x, 3, 2, stride=2, padding=1)
    assert torch.equal(found, expected.permute(0, 2, 1).reshape(found.shape))


def test_a_kernel_of_the_size_of_the_image_is_a_linear_layer(normal: Normal, same: Check) -> None:
    x, w, b = normal(4, 2, 3, 3), normal(5, 2, 3, 3, seed=1), normal(5, seed=2)
    found = by_hand.convolution(x, w, b, stride=1, padding=0)
    same([found.flatten(1)], [x.flatten(1) @ w.flatten(1).T + b])


def test_a_kernel_that_does_not_fit_is_refused() -> None:
    x, w, b = torch.zeros(1, 1, 2, 2), torch.zeros(1, 1, 3, 3), torch.zeros(1)
    with pytest.raises(ValueError, match=r"\(1, 1, 2, 2\).*3 by 3 does not fit"):
        by_hand.convolution(x, w, b, stride=1, padding=0)


def test_the_example_of_the_chapter() -> None:
    x = torch.tensor([[[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 9.0]]]])
    w = torch.tensor([[[[1.0, 0.0], [0.0, -1.0]]]])
    patches = by_hand.unfold(x, 2, 2, stride=1, padding=0)
    assert patches.tolist() == [[1, 2, 4, 5], [2, 3, 5, 6], [4, 5, 7, 8], [5, 6, 8, 9]]
    z = by_hand.convolution(x, w, torch.zeros(1), stride=1, padding=0)
    assert z.tolist() == [[[[-4, -4], [-4, -4]]]]
    gradient = torch.tensor([[[[1.0, 0.0], [0.0, 2.0]]]])
    dx, dw, db = by_hand.convolution_backward(gradient, x, w, stride=1, padding=0)
    assert dw.tolist() == [[[[11, 14], [20, 23]]]]
    assert dx.tolist() == [[[[1, 0, 0], [0, 1, 0], [0, 0, -2]]]]
    assert db.tolist() == [3]
