"""What the pages of advice give to copy does what they say."""

import re
from math import prod, sqrt
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from study.theory.activations import activation, leaky
from study.theory.fans import taps_by_place
from study.theory.gains import second_moment_gain

DOCS = Path(__file__).parents[1] / "docs"
ADVICE = (DOCS / "which-initialisation.md").read_text(encoding="utf-8")
FRONT = (DOCS / "index.md").read_text(encoding="utf-8")
SLOPE = 0.3
GAINS = {
    "ReLU": second_moment_gain(activation("relu")),
    "leaky ReLU": second_moment_gain(leaky(SLOPE)),
    "tanh": 1.0,  # not the gain of the table, since the signal shall fade slowly, not settle
    "GELU": second_moment_gain(activation("gelu")),
    "SiLU": second_moment_gain(activation("silu")),
}


def calls(page: str) -> dict[str, str]:
    """Return the code in each row of a page's tables, by what the row begins with."""
    rows = re.findall(r"^\| ([^|]+) \| `([^`]+)`", page, re.MULTILINE)
    return {re.split(" of |,", name)[0]: code for name, code in reversed(rows)}


@pytest.mark.parametrize("name", GAINS)
def test_a_call_gives_the_variance_of_its_activation(name: str) -> None:
    code = re.search(r"```python\n(.*?)```", ADVICE, re.DOTALL)
    assert code
    names: dict[str, Any] = {"a": SLOPE}
    torch.manual_seed(1)
    exec(code[1], names)  # noqa: S102 - what a reader would run
    for layer in (nn.Linear(400, 300), nn.Conv2d(16, 300, 5), nn.Linear(400, 300, bias=False)):
        names["network"] = nn.Sequential(layer)
        eval(calls(ADVICE)[name], names)  # noqa: S307 - likewise
        fan_in = prod(layer.weight.shape[1:])
        assert float(layer.weight.detach().var()) * fan_in == pytest.approx(
            GAINS[name] ** 2, rel=0.03
        )
        assert layer.bias is None or not layer.bias.any()


@pytest.mark.parametrize("name", ["ReLU", "leaky ReLU", "tanh", "SELU", "GELU"])
def test_a_line_of_the_front_page_gives_the_variance_of_its_activation(name: str) -> None:
    torch.manual_seed(1)
    weight = torch.empty(300, 400)
    eval(calls(FRONT)[name], {"nn": nn, "w": weight, "a": SLOPE})  # noqa: S307 - likewise
    expected = {"SELU": second_moment_gain(activation("selu")), **GAINS}[name]
    assert float(weight.var()) * 400 == pytest.approx(expected**2, rel=0.03)


def kept(layer: nn.ConvTranspose2d, side: int) -> torch.Tensor:
    """Return by what a layer multiplies the second moment of a ReLU's preactivations, by place.

    The outputs share no weights; over 512 of them chance is about two per cent.
    """
    signal = torch.randn(32, layer.in_channels, side, side).relu()
    outputs: torch.Tensor = layer(signal)
    return outputs.detach().square().mean((0, 1))


@pytest.mark.parametrize(
    ("kernel", "stride", "groups"), [(4, 2, 1), (4, 2, 4), (3, 1, 2), (6, 3, 1), (2, 2, 1)]
)
def test_the_call_for_a_transposed_convolution_keeps_the_signal_away_from_edges(
    kernel: int, stride: int, groups: int
) -> None:
    code = re.search(r"`(nn\.init\.normal_\(layer\.weight, std=\(s / k\).*?\))`", ADVICE)
    assert code
    torch.manual_seed(1)
    layer = nn.ConvTranspose2d(64, 512, kernel, stride, groups=groups, bias=False)
    names = {"nn": nn, "layer": layer, "sqrt": sqrt, "inputs": 64}
    eval(code[1], {**names, "s": stride, "k": kernel, "g": groups})  # noqa: S307 - the page's call
    inner = kept(layer, side=8)[kernel:-kernel, kernel:-kernel]
    assert float(inner.mean()) == pytest.approx(1, rel=0.08)


def test_the_first_layer_of_a_generator_keeps_the_signal() -> None:
    code = re.search(r"one entry of each kernel, so there it is `std=(.*?)`", ADVICE)
    assert code
    torch.manual_seed(1)
    layer = nn.ConvTranspose2d(64, 512, 4, groups=2, bias=False)
    std = eval(code[1], {"sqrt": sqrt, "g": 2, "inputs": 64})  # noqa: S307 - the page's
    nn.init.normal_(layer.weight, std=std)
    assert float(kept(layer, side=1).mean()) == pytest.approx(1, rel=0.08)


def test_where_the_stride_does_not_divide_the_kernel_no_variance_suits_all_places() -> None:
    torch.manual_seed(1)
    layer = nn.ConvTranspose2d(64, 512, 3, stride=2, bias=False)
    nn.init.normal_(layer.weight, std=sqrt(2 / 64))
    counts = torch.tensor(taps_by_place(4, 3, stride=2))
    assert {*counts.tolist()} == {1, 2}
    expected = torch.outer(counts, counts).float()
    torch.testing.assert_close(kept(layer, side=4), expected, rtol=0.25, atol=0)


@pytest.mark.parametrize(("inputs", "outputs"), [(32, 128), (128, 32), (64, 64)])
def test_orthogonal_weights_keep_what_the_page_says(inputs: int, outputs: int) -> None:
    assert r"\min(1, \text{inputs}/\text{outputs})" in ADVICE
    torch.manual_seed(1)
    weight = nn.init.orthogonal_(torch.empty(outputs, inputs))
    signal, gradient = torch.randn(4000, inputs), torch.randn(4000, outputs)
    forward, backward = (signal @ weight.T).square().mean(), (gradient @ weight).square().mean()
    assert float(forward) == pytest.approx(min(1, inputs / outputs), rel=0.03)
    assert float(backward) == pytest.approx(min(1, outputs / inputs), rel=0.03)


def test_rows_of_mean_zero_need_the_gain_that_the_page_says() -> None:
    code = re.search(r"between wide ReLU layers ([\d.]+) in place", ADVICE)
    assert code
    torch.manual_seed(1)
    signal = torch.randn(2000, 1000).relu()
    weight = torch.randn(1000, 1000)
    weight = (weight - weight.mean(1, keepdim=True)) / weight.std(1, keepdim=True)
    for gain, factor in ((float(code[1]), 1.0), (sqrt(2), 0.6817)):
        kept_share = (signal @ weight.T * (gain / sqrt(1000))).square().mean()
        assert float(kept_share) == pytest.approx(factor, rel=0.03)
