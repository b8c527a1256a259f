from functools import partial
from itertools import pairwise
from typing import Any

import pytest
import torch
from torch.nn import functional

from study import catalogue
from study.errors import StudyError
from study.experiments.glorot.glorot_conditions import method
from study.experiments.glorot.layer_by_layer import unit_weights, within_bound
from study.lab.mnist import Mnist
from tests.configs import small_config

NAME = "glorot_conditions"


PREDICTIONS = pytest.approx(
    {
        "gb-eq5-forward": 1,
        "equation-5-pixels": 1,
        "mean-square-of-inputs": 1,
        "gb-eq6-backward": 1,
        "as-many-factors-as-matrices": 1,
        "gb-eq7-weight-gradient": 1,
        "gb-eq12-compromise": 1,
        "gb-eq12-compromise-gradients": 1,
        "gb-eq13-equal-widths": 1,
        "no-scale-of-inputs": 1,
        "gb-eq14-equal-weight-gradients": 0,
        "gb-eq15-third": 1 / 3,
    }
)


small = partial(small_config, NAME, width=20, images=12, draws=2)


def by_autograd(
    config: method.Config, inputs: torch.Tensor, labels: torch.Tensor, draw: int
) -> tuple[list[float], list[float], list[float]]:
    """Find mean squares of activations, gradients and single images' weight gradients again."""
    init = config.initialisations.standard
    sizes = method.sizes(config, inputs)
    units = unit_weights(sizes, config.distribution, config.seed, draw)
    weights = within_bound(units, init.squared_bound, init.fan)
    signals, gradients, of_weights = [], [], []
    for image, label in zip(inputs, labels, strict=True):
        leaves = [w.clone().requires_grad_() for w in weights]
        s, preactivations = image, []
        for matrix in leaves:
            s = matrix @ s
            preactivations.append(s)
        loss = functional.cross_entropy(s[None], label[None])
        grads = torch.autograd.grad(loss, [*preactivations[:-1], *leaves[:-1]])
        signals.append([signal.square().mean().item() for signal in preactivations[:-1]])
        squares = [grad.square().mean().item() for grad in grads]
        gradients.append(squares[: len(preactivations) - 1])
        of_weights.append(squares[len(preactivations) - 1 :])
    means = [torch.tensor(rows).mean(dim=0).tolist() for rows in (signals, gradients, of_weights)]
    return means[0], means[1], means[2]


def test_the_quantities_are_those_of_autograd_image_by_image(embedded: Mnist) -> None:
    config = small()
    batch = embedded.train.first(12)
    inputs = embedded.standardised(batch.images)
    samples = catalogue.load(NAME).run(config, embedded, [1]).samples
    signals, gradients, of_weights = by_autograd(config, inputs, batch.labels, 1)
    x = inputs.square().mean().item()
    assert samples["forward_over_law.standardised"] == pytest.approx(
        [signals[-1] / (x * 3.0**-5)], rel=1e-4
    )
    assert samples["backward_over_law.standard"] == pytest.approx(
        [gradients[0] / (gradients[-1] * 3.0**-4)], rel=1e-4
    )
    assert samples["backward_over_printed_law.standard"] == pytest.approx(
        [gradients[0] / (gradients[-1] * 3.0**-5)], rel=1e-4
    )
    law = x * gradients[-1] * 3.0**-4
    assert samples["weight_gradient_over_law.standard"] == pytest.approx(
        [sum(of_weights) / 5 / law], rel=1e-4
    )
    factors = [below / above for below, above in pairwise(gradients)]
    assert samples["backward_factor.standard"] == pytest.approx([sum(factors) / 4], rel=1e-4)
    pixels, of_pixels, _ = by_autograd(config, batch.images, batch.labels, 1)
    variance = batch.images.var(dim=0).mean().item()
    assert samples["forward_over_variance_law.contrast"] == pytest.approx(
        [pixels[-1] / (variance * 3.0**-5)], rel=1e-4
    )
    scale = (inputs.var() / batch.images.var()).item()
    assert samples["gradient_ratio_over_scale.two_scales"] == pytest.approx(
        [gradients[0] / of_pixels[0] / scale], rel=1e-4
    )


def test_the_two_initialisations_of_one_draw_are_one_signal(embedded: Mnist) -> None:
    samples = catalogue.load(NAME).run(small(), embedded, [0, 1]).samples
    thrice = [3 * factor for factor in samples["forward_factor.standard"]]
    assert samples["forward_factor.normalised"] == pytest.approx(thrice, rel=1e-5)


def test_over_the_images_the_printed_law_holds_whatever_the_mean() -> None:
    # Averaged over units and draws, for weights that are the same for all images.
    generator = torch.Generator().manual_seed(5)
    images = 3 + torch.rand(40, 30, generator=generator).double() * torch.arange(30)
    weights = torch.randn(400, 2, 30, 30, generator=generator).double() / 30**0.5  # n Var W = 1
    first = images @ weights[:, 0]
    last = first @ weights[:, 1]
    over_images = images.var(dim=0, correction=0).mean().item()
    for signal in (first, last):
        assert signal.var(dim=1, correction=0).mean().item() == pytest.approx(over_images, rel=0.02)
    assert last.square().mean() > 3 * over_images


def test_centred_pixels_have_one_law_whichever_variance_is_meant(embedded: Mnist) -> None:
    samples = catalogue.load(NAME).run(small(contrast="centred"), embedded, [0]).samples
    assert samples["forward_over_variance_law.contrast"] == pytest.approx(
        [11 / 12 * ratio for ratio in samples["forward_over_law.contrast"]], rel=1e-4
    )


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"hidden": 11, "initialisations.standard.squared_bound": 1e-6},
            (
                "experiment.hidden=11, initialisations.standard.squared_bound=1e-06: "
                "float32 has room for 10 such layers"
            ),
        ),
        (
            {"hidden": 50, "initialisations.normalised.squared_bound": 1000.0},
            (
                "experiment.hidden=50, initialisations.normalised.squared_bound=1000: "
                "float32 has room for 26 such layers"
            ),
        ),
        ({"images": 1}, "experiment.images=1: input should be greater than or equal to 2"),
    ],
)
def test_settings_that_cannot_be_measured_are_refused(
    changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(StudyError) as refusal:
        small(**changes)
    assert str(refusal.value) == message


@pytest.mark.parametrize(
    "changes",
    [
        {"hidden": 10, "initialisations.standard.squared_bound": 1e-6},
        {"hidden": 26, "initialisations.normalised.squared_bound": 1000.0},
    ],
)
def test_float32_has_room_for_as_many_layers_as_are_allowed(
    changes: dict[str, Any], embedded: Mnist
) -> None:
    samples = catalogue.load(NAME).run(small(**changes), embedded, [0]).samples
    # Widths of 20 stray by a few per cent a layer.
    for name, init in vars(small(**changes).initialisations).items():
        for way in ("forward", "backward"):
            assert samples[f"{way}_factor.{name}"] == pytest.approx(
                [init.squared_bound / 3], rel=0.3
            )


def test_the_chapters_example() -> None:
    # Two linear layers of one draw, by hand: x = (1, 1), signs for weights, n Var W = 2.
    first = torch.tensor([[1.0, -1.0], [1.0, 1.0]], dtype=torch.float64)
    ups, downs, products = [], [], []
    for signs in range(16):
        bits = [1.0 if signs >> at & 1 else -1.0 for at in range(4)]
        matrix = torch.tensor(bits, dtype=torch.float64).reshape(2, 2)
        x, top = torch.tensor([1.0, 1.0]).double(), torch.tensor([1.0, 0.0]).double()
        z = x @ first
        s = z @ matrix
        gradient = matrix @ top
        ups.append((s**2).mean().item())
        downs.append((gradient**2).mean().item())
        products.append(((z[:, None] * top) ** 2).mean().item())
    assert z.tolist() == [2.0, 0.0]
    assert sum(ups) / 16 == pytest.approx(4)
    assert sum(downs) / 16 == pytest.approx(1)
    assert products[0] == pytest.approx(1)
