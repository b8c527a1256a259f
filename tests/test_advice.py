"""What the pages of advice give to copy does what they say."""

import re
from math import prod
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from study.theory.activations import activation, leaky
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
