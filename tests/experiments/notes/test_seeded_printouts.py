from functools import partial
from math import sqrt
from typing import Any

import numpy as np
import pytest
import torch

from study import catalogue
from study.experiments.notes.seeded_printouts import claims, method
from study.lab.mnist import Mnist
from study.record.claims import printed
from tests.configs import small_config

NAME = "seeded_printouts"


small = partial(small_config, NAME)


PREDICTIONS = pytest.approx(
    {
        "s003-unscaled-dot-product": 3.2211,
        "s003-unscaled-x-mean": -0.0038,
        "s003-unscaled-x-deviation": 1.0057,
        "s003-unscaled-w-mean": 0.0003,
        "s003-unscaled-w-deviation": 1.0115,
        "s003-unscaled-y-mean": -0.0064,
        "dot-product-spread": sqrt(10),
        "s003-scaled-dot-product": 1.0186,
        "s003-scaled-w-mean": 9.0598e-05,
        "s003-scaled-w-deviation": 0.3199,
        "s003-scaled-y-mean": -0.0020,
        "s003-multiply-scales-std": 0.2059,
        "s003-multiply-scales-std-before": 1.0293,
        "s003-gain-formula": 5 / 3,
        "s003-3084": 0.3084,
        "origin-of-3084": 0.3084,
        "s003-multiply-by-3084": 0.3084,
    }
)


def test_a_printed_number_stands_in_its_statement() -> None:
    for claim in claims.CLAIMS:
        assert claim.prediction is not None
        if claim.band == printed(claim.prediction, 4):
            assert f"{abs(claim.prediction):.4f}".lstrip("0") in claim.statement, claim.id


def test_the_code_of_the_note_prints_what_is_found() -> None:
    g = torch.Generator().manual_seed(1)
    x = torch.randn(1000, 10, generator=g)
    w = torch.randn(10, 200, generator=g) / 10**0.5
    y = x @ w
    numbers = method.printouts(small().note)
    for letter, values in (("x", x), ("w", w), ("y", y)):
        assert numbers[f"{letter}_mean.scaled"] == pytest.approx(values.mean().item(), abs=1e-7)
        assert numbers[f"{letter}_deviation.scaled"] == pytest.approx(values.std().item(), rel=1e-5)


def box_muller(uniform: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Turn uniform numbers into normal ones in blocks of sixteen, as torch does, but in float64."""
    near, far = np.moveaxis(uniform.astype(np.float64).reshape(-1, 2, 8), 1, 0)
    radius = np.sqrt(-2 * np.log(1 - near))
    return np.stack([radius * np.cos(2 * np.pi * far), radius * np.sin(2 * np.pi * far)], 1).ravel()


def test_the_smallest_mean_is_the_printed_one_on_scalar_kernels_and_near_it_on_others() -> None:
    values = method.printouts(small().note)
    assert f"{values['w_mean.scaled']:.4e}" == "9.0598e-05"
    g = torch.Generator().manual_seed(1)
    torch.rand(10_000, generator=g)
    exact = box_muller(torch.rand(2000, generator=g).numpy()).mean() / sqrt(10)
    # A number of size 1 is off by up to two units in the last place of float32, 2^-23, and so is
    # its part of the mean; 2,000 independent ones leave a forty-fifth of that.
    for name in ("w_mean.scaled", "w_mean_on_this_processor.scaled"):
        assert values[name] == pytest.approx(exact, abs=2 * 2**-23 / sqrt(2000))


def test_the_kernels_of_this_processor_are_those_of_torch_here() -> None:
    values = method.printouts(small(**{"note.kernels": "this_processor"}).note)
    g = torch.Generator().manual_seed(1)
    torch.randn(1000, 10, generator=g)
    mean = (torch.randn(10, 200, generator=g) / 10**0.5).double().mean().item()
    assert values["w_mean.scaled"] == values["w_mean_on_this_processor.scaled"] == mean


def test_a_scaled_layer_spreads_by_the_root_of_its_fan_in_less(embedded: Mnist) -> None:
    samples = catalogue.load(NAME).run(small(), embedded, range(3)).samples
    ratio = np.array(samples["spread_ratio.unscaled"]) / samples["spread_ratio.scaled"]
    assert ratio == pytest.approx(sqrt(10))


def test_the_gain_follows_the_activation() -> None:
    values = method.gain_printouts(small(**{"note.activation": "relu"}).note, 30)
    assert values["gain.note"] == pytest.approx(sqrt(2))
    assert values["factor.lecture"] == pytest.approx(sqrt(2 / 30))
