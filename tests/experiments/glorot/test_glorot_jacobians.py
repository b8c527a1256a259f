from functools import partial
from math import exp, log, pi, sqrt
from statistics import fmean
from typing import Any

import pytest
import torch
from scipy.special import digamma

from study import catalogue
from study.errors import StudyError
from study.experiments.glorot.glorot_jacobians import method
from study.experiments.glorot.layer_by_layer import unit_weights
from study.lab.mnist import Mnist
from tests.configs import small_config

NAME = "glorot_jacobians"


PREDICTIONS = pytest.approx(
    {
        "gb-jacobian-normalised": 0.8,
        "gb-jacobian-standard": 0.5,
        "jacobian-quarter-circle": 8 / (3 * pi),
        "gb-singular-value-is-variance-ratio": 1,
        "jacobian-squares": 1,
        "gb-singular-value-is-volume-ratio": 1,
        # half the mean of ln chi^2_k less ln n over k, which is psi(k/2) + ln 2, for n = 1000
        "jacobian-volume": exp(fmean(digamma(k / 2) + log(2 / 1000) for k in range(1, 1001)) / 2),
        "isometry-averages-agree": 1,
    },
    rel=1e-4,
)


small = partial(small_config, NAME, width=16, draws=2)


def test_the_jacobian_is_that_of_autograd(embedded: Mnist) -> None:
    config = small(layers=[3])
    image = embedded.train.images[1].double()
    sizes = [784, 16, 16, 16]
    units = unit_weights(sizes, "uniform", config.seed, 1)
    weights = [w.double() / sqrt(3 * w.shape[1]) for w in units]
    below = torch.tanh(weights[1] @ torch.tanh(weights[0] @ image))
    leaf = below.clone().requires_grad_()
    outputs = torch.tanh(weights[2] @ leaf)
    rows = [torch.autograd.grad(output, leaf, retain_graph=True)[0] for output in outputs]
    jacobian = torch.stack(rows)
    grams = torch.linalg.eigvalsh(jacobian @ jacobian.T)
    samples = catalogue.load(NAME).run(config, embedded, [1]).samples
    mean = grams.sqrt().mean().item()
    assert samples["mean.standard_pixels"] == pytest.approx([mean], rel=1e-4)
    root = grams.mean().sqrt().item()
    assert samples["root_mean_square.standard_pixels"] == pytest.approx([root], rel=1e-4)
    size = abs(torch.linalg.det(jacobian).item()) ** (1 / 16)
    assert samples["geometric_mean.standard_pixels"] == pytest.approx([size], rel=1e-4)
    above = torch.tanh(weights[2] @ below)
    ratio = (above.square().mean() / below.square().mean()).item()
    assert samples["mean_over_variance_ratio.standard_pixels"] == pytest.approx(
        [mean / ratio], rel=1e-4
    )


def test_without_tanh_no_image_makes_a_difference(embedded: Mnist) -> None:
    samples = catalogue.load(NAME).run(small(activation="linear"), embedded, [0, 1]).samples
    for name in ("mean", "root_mean_square", "geometric_mean"):
        linear = pytest.approx(samples[f"{name}.linear"])
        assert samples[f"{name}.normalised_standardised"] == linear
        assert samples[f"{name}.normalised_pixels"] == linear


def test_the_chapters_example() -> None:
    # Singular values 2 and 1/2: the three averages of a small matrix.
    matrix = torch.tensor([[0.0, 2.0], [0.5, 0.0]], dtype=torch.float64)
    values = method.means_of(matrix, 1.0)
    assert values.mean == pytest.approx(5 / 4)
    assert values.root_mean_square == pytest.approx(sqrt(17 / 8))
    assert values.geometric_mean == pytest.approx(1)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"layers": [5, 4, 3, 2]}, "experiment.layers=[5, 4, 3, 2]: must ascend"),
        ({"layers": [2, 3, 3]}, "experiment.layers=[2, 3, 3]: must ascend"),
        (
            {"layers": [2, 24], "initialisations.standard.squared_bound": 1e-12},
            (
                "experiment.layers=[2, 24], initialisations.standard.squared_bound=1e-12: "
                "float64 has room for 23 such layers"
            ),
        ),
    ],
)
def test_layers_that_cannot_be_measured_are_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(StudyError) as refusal:
        small(**changes)
    assert str(refusal.value) == message


def test_float64_has_room_for_as_many_layers_as_are_allowed(embedded: Mnist) -> None:
    changes = {"layers": [23], "initialisations.standard.squared_bound": 1e-12}
    samples = catalogue.load(NAME).run(small(**changes), embedded, [0]).samples
    # A tanh that is a line: all singular values are those of the matrix.
    (stretch,) = samples["root_mean_square.standard_pixels"]
    assert stretch == pytest.approx(sqrt(1e-12 / 3), rel=0.2)
    assert samples["mean_square_over_variance_ratio.standard_pixels"][0] > 0
