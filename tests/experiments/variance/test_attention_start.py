from dataclasses import asdict
from functools import partial
from math import log, sqrt
from pathlib import Path

import pytest
import torch
from matplotlib import pyplot as plt
from torch import nn

from study import catalogue
from study.errors import StudyError
from study.experiments.variance.attention_start import figures, method
from study.lab.mnist import Mnist
from study.record.results import read_run, write_run
from tests.configs import small_config

NAME = "attention_start"
PREDICTIONS = pytest.approx(
    {
        "attention-score-variance": 128,
        "attention-row-variance": 1,
        "torch-attention-packed-scores": 0.25,
        # By a sum over samples, see tests/theory/test_softmax.py.
        "attention-entropy-scaled": 2.8856,
        "attention-entropy-plain": 0.3239,
        "attention-largest-plain": 1 - 0.693147 * 2.01371 / 22.6274,
        "attention-mean-shrinks": 0.08192,
        "attention-plain-copies": 0.82332,
        "attention-tokens-alike": 0.08192 - 1 / 28,
        "attention-gradient-mean": -0.44042,
        "attention-gradient-typical": 0.43225,
        "tied-head-repeats-one": 511.75,
        "tied-head-repeats-inverse": 22.6274 * 511.75 / 512,
        "embedding-head-inverse": 6.0419,
        "embedding-head-one": 64.0732,
    },
    rel=1e-4,
)

small = partial(small_config, NAME, draws=2, images=2, width=16, dims=(4, 16), pairs=20)


def numbers_of(config: method.Config) -> method.Numbers:
    rows = torch.arange(2 * 28 * 3.0).reshape(2, 28, 3)
    inputs = method.Inputs(rows, torch.tensor([0, 1]), torch.tensor([1, 1]))
    return method.random_numbers(config, inputs, 0)


def test_a_head_is_that_of_torch() -> None:
    config = small()
    numbers = numbers_of(config)
    arm = config.arms["apart_root"]
    tokens = numbers.tokens["apart"]
    q, k, v = (tokens @ one[:4].T for one in numbers.matrices["single"])
    own = method.of_attention(arm, tokens, (q, k, v))
    outputs = nn.functional.scaled_dot_product_attention(q, k, v)
    kept = (outputs.square().mean() / v.square().mean()).item()
    assert own["kept"] == pytest.approx(kept, rel=1e-5)
    scores = (q @ k.mT).requires_grad_()
    weights = (scores / 2).softmax(dim=2)
    # Of many random gradients, each row meets a part of its own.
    ratios = []
    for seed in range(100):
        cotangent = torch.randn(weights.shape, generator=torch.Generator().manual_seed(seed))
        (gradient,) = torch.autograd.grad(weights, scores, cotangent, retain_graph=True)
        ratios.append((gradient * 2).square().mean().item())
    assert own["gradient"] == pytest.approx(sum(ratios) / 100 * 28**3 / 27, rel=0.03)
    assert own["largest"] == pytest.approx(weights.amax(dim=2).mean().item(), rel=1e-5)
    assert own["score_square"] == pytest.approx(scores.square().mean().item() / 4, rel=1e-5)


def test_matrices_are_as_large_as_those_of_multi_head_attention() -> None:
    width = 96
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        library = nn.MultiheadAttention(width, 4)
    packed, single = (
        torch.cat(method.torch_matrices(7, 0, width, packed=packed)) for packed in (True, False)
    )
    variance = library.in_proj_weight.square().mean().item()
    assert variance == pytest.approx(1 / (2 * width), rel=0.03)
    assert library.in_proj_weight.abs().max() <= sqrt(6 / (4 * width))
    assert packed.square().mean().item() == pytest.approx(variance, rel=0.03)
    torch.testing.assert_close(packed * sqrt(2), single)
    # The last matrix is that of nn.Linear, of variance 1/(3n), and biases are zero.
    assert library.out_proj.weight.square().mean().item() == pytest.approx(
        1 / (3 * width), rel=0.05
    )
    assert not library.in_proj_bias.any()
    assert not library.out_proj.bias.any()


def test_an_embedding_of_torch_has_the_variance_one() -> None:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        table = nn.Embedding(256, 64).weight
    assert table.square().mean().item() == pytest.approx(1, rel=0.03)
    assert table.mean().item() == pytest.approx(0, abs=0.03)


def test_slopes_of_a_softmax_are_those_of_its_jacobian() -> None:
    weights = torch.tensor([[0.7, 0.2, 0.1], [1 - 1e-12, 1e-12, 0.0]], dtype=torch.float64)
    jacobian = weights[0].diag() - weights[0].outer(weights[0])
    slopes = method.squared_slopes(weights)
    assert slopes[0].item() == pytest.approx(jacobian.square().sum().item())
    assert slopes[1].item() == pytest.approx(4e-24, rel=1e-6)


def test_widths_are_compared_as_powers_and_by_their_roots() -> None:
    values = {"gradient.one_4": 8.0, "gradient.one_16": 2.0}
    values |= {"log_slopes.one_4": -1.0, "log_slopes.one_16": -7.0}
    assert method.of_widths((1, 4, 16), "one", values) == {
        "gradient_power.one": -1.0,
        "log_fall.one": 1.5,
    }


def test_what_all_tokens_share_is_no_variance_of_scores() -> None:
    config = small()
    numbers = numbers_of(config)
    # A trace of noise, since what differs between equal values is nothing to divide by.
    tokens = 1 + 1e-6 * numbers.tokens["apart"]
    shared = numbers._replace(tokens={"apart": tokens, "rows": tokens})
    projected = method.projections(config, shared)["apart", "single"]
    own = method.of_attention(config.arms["apart_root"], tokens, projected)
    assert own["within_row"] == pytest.approx(0, abs=1e-9)
    assert own["entropy"] == pytest.approx(log(28))
    assert own["kept"] == pytest.approx(1)


def test_half_of_the_pairs_of_pixels_differ(embedded: Mnist) -> None:
    inputs = method.prepare(small(), embedded)
    assert (inputs.now != inputs.following).tolist() == [True] * 20 + [False] * 20
    assert inputs.rows.shape == (2, 28, 28)
    assert 0 <= inputs.now.min() <= inputs.now.max() <= 255


def test_a_tied_head_has_the_size_of_its_own_word_for_a_logit(embedded: Mnist) -> None:
    config = small(width=64, dims=(4, 16))
    inputs = method.prepare(config, embedded)
    values = method.of_heads(config, inputs, 0)
    assert values["equal_loss.tied_one"] == pytest.approx(0, abs=1e-3)
    assert values["logit_square.other_one"] == pytest.approx(64, rel=0.2)
    assert values["logit_square.other_inverse"] == pytest.approx(1, rel=0.2)
    assert values["differ_loss.tied_one"] == pytest.approx(64, rel=0.2)


def test_an_arm_of_ones_own_is_measured_and_drawn(embedded: Mnist, tmp_path: Path) -> None:
    mine = {"tokens": "apart", "scaling": "inverse", "matrices": "packed"}
    config = small(arms={"mine": mine})
    result = catalogue.load(NAME).run(config, embedded, [0, 1])
    assert "log_fall.mine" in result.samples
    write_run(tmp_path / "run", {"experiment": asdict(config)}, result, {})
    for figure in figures.FIGURES:
        plt.close(figure(read_run(tmp_path / "run")))


def test_a_head_is_no_wider_than_a_token() -> None:
    with pytest.raises(StudyError, match=r"dims=32, width=16: dims must be no more than width"):
        small(dims=(4, 32))
