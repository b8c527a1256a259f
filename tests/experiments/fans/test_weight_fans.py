from functools import partial
from math import sqrt
from typing import Any

import pytest
import torch

from study.errors import StudyError
from study.experiments.fans.weight_fans import method
from study.lab.inits import standard_normal_layers
from study.lab.mnist import Mnist
from tests.configs import small_config

NAME = "weight_fans"
PREDICTIONS = pytest.approx(
    {
        "s002-kaiming-normal-fan-out-same": 2,
        "s002-fan-out-is-backward": 1,
        "s002-linear-weight-shape": 1,
        "linear-default-variance": 1 / 3,
        "linear-default-numbers": 1,
        "s003-kaiming-divides-by-sqrt-inputs": 4,
        "kaiming-normal-has-a-gain": 2,
        "s004-fan-out-because-torch-transposes": 50,
        "s004-fan-doc": 1,
        "s004-fan-doc-backward": 1,
        "s004-conv-wrong-formula": 1 / 3,
    }
)


small = partial(small_config, NAME, images=6, **{"convolution.images": 6})


def images(config: method.Config, embedded: Mnist) -> torch.Tensor:
    return embedded.standardised(embedded.train.first(config.images).images)


def test_the_fan_that_torch_used_is_that_of_its_own_count() -> None:
    fan_in, fan_out = torch.nn.init._calculate_fan_in_and_fan_out(torch.empty(50, 784))
    assert (fan_in, fan_out) == (784, 50)
    fans = [
        method.matrices(small(torch_mode=mode), 0)["fan_used.kaiming_normal"]
        for mode in ("default", "fan_in", "fan_out")
    ]
    assert fans == pytest.approx([fan_in, fan_in, fan_out], rel=0.03)


def test_one_layer_is_that_of_autograd(embedded: Mnist) -> None:
    config = small()
    x = images(config, embedded)
    shapes = [(784, config.columns), (len(x), config.columns)]
    normal, gradient = standard_normal_layers(shapes, config.seed, 3, x.device)
    inputs = x.clone().requires_grad_()
    z = inputs @ (sqrt(2 / config.columns) * normal)
    (input_gradient,) = torch.autograd.grad(z.relu(), inputs, gradient)
    factors = method.one_layer_factors(config, x, 3)
    assert factors["forward.fan_out"] == pytest.approx(
        (z.square().mean() / x.square().mean()).item(), rel=1e-5
    )
    assert factors["backward.fan_out"] == pytest.approx(
        (input_gradient.square().mean() / gradient.square().mean()).item(), rel=1e-5
    )


def test_the_two_fans_differ_by_the_ratios_of_the_widths(embedded: Mnist) -> None:
    config = small()
    values = method.funnel_factors(config, images(config, embedded), 0)
    ratio = config.funnel.widths[0] / config.funnel.widths[-1]
    # A ReLU network only scales with its weights, and layer l's variance changes by n_in / n_out.
    for way in ("forward", "backward"):
        assert values[f"funnel_{way}.fan_out"] == pytest.approx(
            ratio * values[f"funnel_{way}.fan_in"], rel=1e-4
        )


def test_a_convolution_with_the_default_is_torchs_own(embedded: Mnist) -> None:
    config = small()
    pictures = images(config, embedded).view(-1, 1, 28, 28)
    values = method.convolution_quantities(config, pictures, 0)
    assert values["relu_deviation.conv_default"] < values["relu_deviation.conv_he"]
    # 800 uniform numbers: their second moment strays by 3 per cent.
    assert values["fan_in_times_variance.conv"] == pytest.approx(1 / 3, rel=0.15)


def test_torch_is_taken_at_its_word(embedded: Mnist) -> None:
    def exact(**changes: Any) -> dict[str, float]:  # noqa: ANN401 - of settings
        config = small(**changes)
        return method.exact(config, method.prepare(config, embedded))

    said = exact(attribute="reset_parameters", columns=7)
    assert said["exists.attribute"] == 1
    assert said["outputs_first.linear"] == 1
    assert exact(transposed=True)["outputs_first.linear"] == 0
    assert said["same_as_kaiming_uniform.conv"] == 1
    assert exact(slope=2.0)["same_as_kaiming_uniform.conv"] == 0


def test_more_pictures_than_images_are_refused() -> None:
    with pytest.raises(StudyError) as refusal:
        small(**{"images": 10, "convolution.images": 11})
    assert str(refusal.value) == (
        "experiment.convolution.images=11, images=10: "
        "convolution.images must be no more than images"
    )
