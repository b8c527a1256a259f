"""Residual blocks against networks of torch, and against their sums in closed form."""

from math import sqrt

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from study.errors import StudyError
from study.theory import residual

WIDTH = 1024
BLOCKS = 4
SCALES = [(placement, a) for placement in residual.PLACEMENTS for a in (1.0, 0.5)]


def sent_through(
    placement: residual.Placement, a: float, first: float
) -> tuple[list[float], list[float]]:
    """Return second moments of the stream, and of its gradient over that at the top, by torch."""
    generator = torch.Generator().manual_seed(7)

    def normal(rows: int) -> Tensor:
        return torch.randn(rows, WIDTH, generator=generator)

    def norm(x: Tensor) -> Tensor:
        return functional.rms_norm(x, (WIDTH,), eps=1e-12)

    streams = [(sqrt(first) * norm(normal(16))).requires_grad_()]
    for _ in range(BLOCKS):
        x = streams[-1]
        given = norm(x) if placement == "pre" else x
        hidden = (given @ (sqrt(2 / WIDTH) * normal(WIDTH)).T).relu()
        total = x + a * hidden @ (sqrt(1 / WIDTH) * normal(WIDTH)).T
        streams.append(norm(total) if placement == "post" else total)
    gradients = torch.autograd.grad(streams[-1], streams, normal(16))
    sizes = [x.square().mean().item() for x in streams]
    moments = [g.square().mean().item() for g in gradients]
    return sizes, [moment / moments[-1] for moment in moments]


@pytest.mark.parametrize(("placement", "a"), SCALES)
def test_stream_and_gradient_are_those_of_a_wide_network(
    placement: residual.Placement, a: float
) -> None:
    sizes, moments = sent_through(placement, a, first=0.25)
    assert sizes == pytest.approx(residual.stream(placement, a**2, BLOCKS, 0.25), rel=0.1)
    assert moments == pytest.approx(residual.gradient(placement, a**2, BLOCKS, 0.25), rel=0.15)


@pytest.mark.parametrize("branch", [1.0, 0.3])
def test_sums_have_closed_forms(branch: float) -> None:
    blocks, first = 9, 2.0
    factor = 1 + branch
    assert residual.stream("none", branch, blocks, first)[-1] == pytest.approx(2 * factor**blocks)
    assert residual.stream("pre", branch, blocks, first)[-1] == pytest.approx(2 + 9 * branch)
    assert residual.gradient("none", branch, blocks)[0] == pytest.approx(factor**blocks)
    assert residual.gradient("pre", branch, blocks, first)[0] == pytest.approx(1 + 4.5 * branch)
    assert residual.gradient("post", branch, blocks, first) == pytest.approx([0.5] + [1.0] * 9)


@pytest.mark.parametrize("first", [1.0, 0.04])
@pytest.mark.parametrize(("placement", "a"), SCALES)
def test_shares_add_up(placement: residual.Placement, a: float, first: float) -> None:
    shares = residual.shares(placement, a**2, 6, first)
    assert sum(shares) == pytest.approx(1)
    if placement == "pre":
        assert shares[1:] == pytest.approx([a**2 / (first + 6 * a**2)] * 6)
    else:  # without a norm each block doubles what is there; a norm takes nothing off a share
        assert shares == pytest.approx(residual.shares("none", a**2, 6))
        assert shares[0] == pytest.approx((1 + a**2) ** -6)


def test_an_unknown_placement_is_refused() -> None:
    with pytest.raises(StudyError, match="'middle' is unknown; choose from none, pre, post"):
        residual.stream("middle", 1.0, 2)  # type: ignore[arg-type]
