from itertools import pairwise

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional

from study.errors import StudyError
from study.theory.fans import (
    Axis,
    end_to_end,
    glorot_in_a_stack,
    mean_taps,
    taps_by_place,
    transposed_terms,
)


@given(
    places=st.integers(1, 6),
    kernel=st.integers(1, 5),
    stride=st.integers(1, 3),
    padding=st.integers(0, 2),
    output_padding=st.integers(0, 1),
)
@settings(max_examples=80)
def test_taps_are_those_that_torch_adds_up(
    places: int, kernel: int, stride: int, padding: int, output_padding: int
) -> None:
    # With ones for the input and for the kernel an output is the number of its terms.
    side = stride * (places - 1) + kernel - 2 * padding + output_padding
    if side < 1 or output_padding >= stride:  # torch refuses these
        return
    counted = functional.conv_transpose1d(
        torch.ones(1, 1, places),
        torch.ones(1, 1, kernel),
        stride=stride,
        padding=padding,
        output_padding=output_padding,
    )
    ours = taps_by_place(places, kernel, stride, padding, output_padding)
    assert ours == counted.flatten().tolist()
    assert mean_taps(places, kernel, stride, padding, output_padding) == pytest.approx(
        counted.mean().item()
    )


@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("places", [1, 2, 7, 500])
def test_the_mean_has_a_closed_form_without_padding(places: int, stride: int) -> None:
    expected = places * 4 / (stride * (places - 1) + 4)
    assert mean_taps(places, 4, stride) == pytest.approx(expected)


def test_a_large_map_has_k_over_s_of_them() -> None:
    assert mean_taps(100_000, 4, 2) == pytest.approx(2, rel=1e-4)


@pytest.mark.parametrize(
    "wrong", [{"places": 0}, {"stride": 0}, {"padding": -1}, {"padding": 2, "kernel": 2}]
)
def test_no_place_is_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(StudyError):
        taps_by_place(**({"places": 1, "kernel": 3} | wrong))


@st.composite
def axes(draw: st.DrawFn) -> Axis:
    """Draw an axis that torch has, too."""
    stride, dilation = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    added = draw(st.integers(0, max(stride, dilation) - 1))
    places, kernel = draw(st.integers(1, 5)), draw(st.integers(1, 4))
    whole = stride * (places - 1) + dilation * (kernel - 1) + 1 + added
    padding = draw(st.integers(0, min(3, (whole - 1) // 2)))
    return Axis(places, kernel, stride, padding, added, dilation)


CONVOLUTIONS = {
    1: functional.conv_transpose1d,
    2: functional.conv_transpose2d,
    3: functional.conv_transpose3d,
}


@given(
    along=st.lists(axes(), min_size=1, max_size=3),
    groups=st.integers(1, 2),
    inputs=st.integers(1, 3),
    outputs=st.integers(1, 3),
)
@settings(max_examples=100, deadline=None)
def test_terms_are_those_that_torch_adds_up_forward_and_backward(
    along: list[Axis], groups: int, inputs: int, outputs: int
) -> None:
    # With ones everywhere an output is the number of its terms, and so is a gradient.
    ones = torch.ones(1, inputs * groups, *(axis.places for axis in along)).double()
    ones.requires_grad_()
    kernel = torch.ones(inputs * groups, outputs, *(axis.kernel for axis in along)).double()
    counted = CONVOLUTIONS[len(along)](
        ones,
        kernel,
        stride=[axis.stride for axis in along],
        padding=[axis.padding for axis in along],
        output_padding=[axis.output_padding for axis in along],
        groups=groups,
        dilation=[axis.dilation for axis in along],
    )
    (gradient,) = torch.autograd.grad(counted.sum(), ones)
    terms = transposed_terms(inputs * groups, outputs * groups, *along, groups=groups)
    assert terms.forward == pytest.approx(counted.mean().item())
    assert terms.backward == pytest.approx(gradient.mean().item())
    assert (terms.least, terms.most) == (counted.min().item(), counted.max().item())
    assert [axis.side for axis in along] == list(counted.shape[2:])


def test_the_counts_of_an_axis_are_those_of_the_older_function() -> None:
    assert Axis(4, 4, stride=2, padding=1).forward() == taps_by_place(4, 4, 2, 1)
    assert Axis(4, 4, stride=2, padding=1).backward() == [3, 4, 4, 3]


def test_the_variance_of_the_count_keeps_signal_and_gradient() -> None:
    # The second layer of a usual generator, from 4 by 4 to 8 by 8, at its real edges.
    usual = Axis(4, 4, stride=2, padding=1)
    terms = transposed_terms(64, 64, usual, usual)
    generator = torch.Generator().manual_seed(0)
    layer = nn.ConvTranspose2d(64, 64, 4, stride=2, padding=1, bias=False)
    x = torch.randn(200, 64, 4, 4, generator=generator, requires_grad=True)
    for count, keeps_signal in ((terms.forward, True), (terms.backward, False)):
        nn.init.normal_(layer.weight, std=count**-0.5, generator=generator)
        z = layer(x)
        delta = torch.randn(z.shape, generator=generator)
        (gradient,) = torch.autograd.grad(z, x, delta)
        size = (z if keeps_signal else gradient).square().mean().item()
        assert size == pytest.approx(1, rel=0.02)
    assert terms.forward / 64 == pytest.approx(3.0625)
    assert terms.backward / 64 == pytest.approx((14 / 4) ** 2)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"places": 0}, "places: 0 is below 1"),
        ({"dilation": 0}, "dilation: 0 is below 1"),
        ({"padding": -1}, "padding: -1 is below 0"),
        ({"output_padding": 1}, "output_padding: 1 is not below the stride 1"),
        ({"padding": 2}, "padding: 2 leaves no output place"),
    ],
)
def test_no_axis_is_refused(wrong: dict[str, int], message: str) -> None:
    with pytest.raises(StudyError, match=message):
        Axis(**({"places": 1, "kernel": 3} | wrong))


@pytest.mark.parametrize(("inputs", "groups", "count"), [(3, 2, 1), (4, 0, 1), (4, 2, 0)])
def test_groups_that_do_not_divide_are_refused(inputs: int, groups: int, count: int) -> None:
    with pytest.raises(StudyError, match=f"groups: {groups} do not divide {inputs} inputs"):
        transposed_terms(inputs, 4, *[Axis(2, 2)] * count, groups=groups)


def fans(layers: list[nn.Conv2d | nn.Linear]) -> list[tuple[int, int]]:
    return [torch.nn.init._calculate_fan_in_and_fan_out(layer.weight) for layer in layers]


def test_kernels_of_any_size_cancel() -> None:
    with torch.device("meta"):
        layers: list[nn.Conv2d | nn.Linear] = [
            nn.Conv2d(3, 64, 7),
            nn.Conv2d(64, 128, 2),
            nn.Conv2d(128, 256, 5),
            nn.Conv2d(256, 512, 3),
            nn.Conv2d(512, 1000, 1),
        ]
    assert end_to_end(fans(layers)) == pytest.approx(64 / 1000)  # the 0.064 of the page


def test_places_of_a_flattened_map_do_not_cancel() -> None:
    with torch.device("meta"):
        layers: list[nn.Conv2d | nn.Linear] = [
            nn.Conv2d(3, 64, 3),
            nn.Conv2d(64, 128, 5),
            nn.Conv2d(128, 512, 3),
            nn.Linear(512 * 7 * 7, 4096),
            nn.Linear(4096, 4096),
            nn.Linear(4096, 1000),
        ]
    assert end_to_end(fans(layers)) == pytest.approx(49 * 64 / 1000)
    assert round(end_to_end(fans(layers)), 1) == 3.1  # as on the page
    # Average pooling to one place before the first fully connected layer leaves no such factor.
    with torch.device("meta"):
        layers[3] = nn.Linear(512, 4096)
    assert end_to_end(fans(layers)) == pytest.approx(64 / 1000)


@pytest.mark.parametrize("parts", [[64, 64, 64], [16, 16], [5, 1, 200]])
def test_a_stack_gets_a_share_of_the_variance_of_its_parts(parts: list[int]) -> None:
    generator = torch.Generator().manual_seed(0)
    stacked = torch.empty(sum(parts), 900)
    nn.init.xavier_normal_(stacked, generator=generator)
    shares = glorot_in_a_stack(900, parts)
    starts = torch.tensor([0, *parts]).cumsum(0).tolist()
    blocks = [stacked[low:high] for low, high in pairwise(starts)]
    for part, share in zip(blocks, shares, strict=True):
        alone = 2 / (900 + len(part))
        assert part.square().mean().item() / alone == pytest.approx(share, rel=0.15)


def test_attention_in_torch_has_half_of_the_variance() -> None:
    attention = nn.MultiheadAttention(300, 1)
    packed = attention.in_proj_weight.square().mean().item()
    assert packed / (2 / 600) == pytest.approx(glorot_in_a_stack(300, [300] * 3)[0], rel=0.03)


@pytest.mark.parametrize("parts", [[], [4, 0]])
def test_an_empty_part_is_refused(parts: list[int]) -> None:
    with pytest.raises(StudyError, match="each is at least 1"):
        glorot_in_a_stack(4, parts)
