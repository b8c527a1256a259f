import re
from functools import partial
from typing import Any

import pytest
import torch

from study import catalogue
from study.errors import StudyError
from study.experiments.batch_normalisation.batch_normalisation import method
from study.lab.by_hand.normalisation import batch_normalisation, batch_normalisation_backward
from study.lab.mnist import Mnist
from tests.configs import small_config

NAME = "batch_normalisation"
SIZE = 12


PREDICTIONS = {
    "s003-bn-cancels-bias": 0,
    "s003-bn-bias-keeps-its-value": 0,
    "bn-bias-gradient-is-zero": 0,
    "bn-bias-matters-in-inference": 2,
    "s003-bn-couples-examples": 1,
    "bn-loses-two-directions": 2,
    "bn-mates-move-an-output": 1,
    "s003-bn-formula": 0,
    "bn-uses-the-batch": 0,
    "bn-biased-variance": 1,
    "bn-gradient-inverse-to-scale": 1,
    "bn-gradient-orthogonal-to-weights": 0,
}


small = partial(small_config, NAME, draws=2, units=4, batch=SIZE, images=200)


@pytest.fixture(scope="module")
def inputs(embedded: Mnist) -> torch.Tensor:
    return embedded.standardised(embedded.train.first(200).images).double()


def test_the_jacobian_is_the_backward_pass_by_hand(inputs: torch.Tensor) -> None:
    config = small()
    layer = method.Layer(config, inputs, 0)
    column = (layer.batch @ layer.weights)[:, :1]
    # Column i of the copies receives the gradient 1 at row i, so its gradient is row i.
    ones = torch.ones(SIZE, dtype=torch.float64)
    rows, _, _ = batch_normalisation_backward(
        torch.eye(SIZE, dtype=torch.float64), column.repeat(1, SIZE), ones, config.epsilon
    )
    torch.testing.assert_close(method.jacobian(method.in_training, config, layer), rows.T)


def test_as_many_directions_are_lost_as_the_rank_of_the_jacobian_lacks(
    inputs: torch.Tensor,
) -> None:
    config = small(epsilon=1e-12)
    layer = method.Layer(config, inputs, 0)
    lost = method.batch_quantities(config, layer)["directions_lost.training"]
    rank = torch.linalg.matrix_rank(method.jacobian(method.in_training, config, layer), rtol=1e-6)
    assert lost == pytest.approx(SIZE - int(rank), abs=1e-6)


def test_the_jacobian_is_the_matrix_of_the_chapter(inputs: torch.Tensor) -> None:
    config = small(epsilon=1e-12)
    layer = method.Layer(config, inputs, 0)
    column = (layer.batch @ layer.weights)[:, :1]
    output = method.in_training(config, layer, column)
    projector = torch.eye(SIZE, dtype=torch.float64) - (1 + output @ output.T) / SIZE
    jacobian = method.jacobian(method.in_training, config, layer)
    torch.testing.assert_close(jacobian * column.std(correction=0), projector)
    torch.testing.assert_close(projector @ projector, projector)
    assert projector.trace().item() == pytest.approx(SIZE - 2)


def test_the_share_of_the_mates_is_that_of_the_kurtosis(inputs: torch.Tensor) -> None:
    config = small(epsilon=1e-12)
    layer = method.Layer(config, inputs, 0)
    output = method.in_training(config, layer, (layer.batch @ layer.weights)[:, :1])
    kurtosis = output.pow(4).mean().item()
    share = method.mate_share(method.in_training, config, layer)
    assert share == pytest.approx(1 + (1 - kurtosis) / (2 * (SIZE - 2)))


def test_in_inference_no_row_depends_on_another(inputs: torch.Tensor) -> None:
    config = small()
    layer = method.Layer(config, inputs, 0)
    assert method.mate_share(method.in_inference, config, layer) == 0


def test_exchanging_the_mates_moves_gaussian_outputs_as_the_law_says() -> None:
    config = small(units=400, watched=40, company=[64], images=1000)
    images = torch.randn(1000, 784, generator=torch.Generator().manual_seed(0)).double()
    values = method.company_quantities(config, method.Layer(config, images, 0))
    assert values["moved_squared_over_law.64"] == pytest.approx(1, abs=0.2)
    assert values["moved_by_mates.64"] == pytest.approx((3 / 64) ** 0.5, rel=0.1)


def test_with_stored_statistics_the_mates_move_nothing(inputs: torch.Tensor) -> None:
    config = small(statistics="running", company=[16])
    values = method.company_quantities(config, method.Layer(config, inputs, 0))
    assert values["moved_by_mates.16"] == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("scale", [0.1, 3.0])
def test_the_output_ignores_the_scale_of_the_weights(inputs: torch.Tensor, scale: float) -> None:
    config = small(epsilon=1e-12)
    layer = method.Layer(config, inputs, 0)
    outputs, outputs_at_scale = (
        method.in_training(config, layer, layer.batch @ (factor * layer.weights))
        for factor in (1.0, scale)
    )
    torch.testing.assert_close(outputs_at_scale, outputs)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"images": 143},
            (
                "experiment.images=143, watched=16, company=[16, 64]: "
                "at least 16 + 2 * 64 = 144 images are needed"
            ),
        ),
        (
            {"images": 200, "batch": 201},
            "experiment.batch=201, images=200: the images do not fill one minibatch",
        ),
    ],
)
def test_images_that_do_not_fill_the_batches_are_refused(
    changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(StudyError, match=f"^{re.escape(message)}$"):
        small(**changes)


def test_as_many_images_as_are_needed_are_enough(embedded: Mnist) -> None:
    samples = catalogue.load(NAME).run(small(images=144), embedded, [0]).samples
    assert samples["moved_by_mates.64"][0] > 0


def test_the_example_worked_by_hand() -> None:
    x = torch.tensor([[0.0], [3.0], [6.0]], dtype=torch.float64)
    gain, shift = torch.ones(1, dtype=torch.float64), torch.zeros(1, dtype=torch.float64)
    output = batch_normalisation(x, gain, shift, 0.0)
    assert output.flatten().tolist() == pytest.approx([-(1.5**0.5), 0, 1.5**0.5])
    rows = []
    for row in range(3):
        gradient = torch.zeros_like(x)
        gradient[row] = 1
        dx, dgain, dshift = batch_normalisation_backward(gradient, x, gain, 0.0)
        assert dgain.item() == pytest.approx(output[row].item())
        assert dshift.item() == 1
        rows.append(dx.flatten() * 6**0.5)
    matrix = torch.stack(rows)
    expected = torch.tensor([[1, -2, 1], [-2, 4, -2], [1, -2, 1]]).double() / 6
    torch.testing.assert_close(matrix, expected)
    off_diagonal = matrix.square().sum() - matrix.diagonal().square().sum()
    assert off_diagonal.item() == pytest.approx(1 / 2)
    kurtosis = output.pow(4).mean().item()
    assert kurtosis == pytest.approx(3 / 2)
    assert 2 - (3 + kurtosis) / 3 == pytest.approx(1 / 2)
