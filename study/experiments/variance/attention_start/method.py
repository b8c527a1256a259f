"""Settings, one draw, and what is read of it."""

from itertools import pairwise, product
from math import log2, sqrt
from typing import Annotated, Literal, NamedTuple

import torch
from annotated_types import Ge, MinLen
from pydantic.dataclasses import dataclass
from torch import Tensor, nn
from torch.nn import functional

from study.lab.inits import random_generator, standard_normal
from study.lab.mean_squares import mean_square, unit_mean_square
from study.lab.mnist import Mnist
from study.record.checks import check_ascending, check_at_most
from study.record.draws import Draw, Row
from study.record.settings import STRICT, Count, Named, Settings, Several, Width
from study.theory.quotients import quotient

TOKENS = 28
"""Rows of an image."""
GREYS = 256
"""Grey levels of a pixel, which are the words of the embedding."""
LEAST = 1e-300
"""The smallest gradient of a row whose logarithm is taken."""


@dataclass(frozen=True, config=STRICT)
class Arm:
    """One attention head: its tokens, what multiplies its scores, and how its matrices are drawn.

    ``root`` is one over the root of the head's width, ``inverse`` one over it. ``packed`` matrices
    are three parts of one to which torch's ``xavier_uniform_`` is applied, and not one by one.
    """

    tokens: Literal["rows", "apart"]
    scaling: Literal["none", "root", "inverse"]
    matrices: Literal["single", "packed"]


@dataclass(frozen=True, config=STRICT)
class Head:
    """One output layer: the variance of the embedding that it is tied to, and what it reads.

    The stream is that of the token itself, or another that is independent of the embedding.
    """

    variance: Literal["one", "inverse"]
    stream: Literal["own", "other"]


@dataclass(frozen=True, config=STRICT)
class Config(Settings):
    """Settings: images, the width of a token, the widths of a head, and the arms.

    ``pairs`` of neighbouring pixels are what the tied heads are measured on.
    """

    images: Several
    width: Width
    dims: Annotated[tuple[Annotated[int, Ge(2)], ...], MinLen(2)]
    pairs: Count
    arms: Named[Arm]
    heads: Named[Head]

    def __post_init__(self) -> None:
        """Refuse widths of a head that are out of order, or larger than that of a token."""
        check_ascending("dims", self.dims)
        check_at_most("dims", self.dims[-1], "width", self.width)


class Inputs(NamedTuple):
    """What all draws share.

    Attributes:
        rows: of standardised images, of shape (images, tokens, pixels of a row).
        now: grey levels of pixels.
        following: those of the pixels to the right of them.
    """

    rows: Tensor
    now: Tensor
    following: Tensor


class Numbers(NamedTuple):
    """The random numbers of a draw, which all arms share.

    Attributes:
        tokens: by name, of unit mean square, of shape (images, tokens, width).
        matrices: by name, those of queries, keys and values, each of shape (width, width).
    """

    tokens: dict[str, Tensor]
    matrices: dict[str, tuple[Tensor, ...]]


def prepare(config: Config, mnist: Mnist) -> Inputs:
    """Take the rows of the first images, and pairs of neighbouring pixels spread over them.

    Args:
        config: the settings.
        mnist: the data.
    """
    images = mnist.train.first(config.images).images
    rows = mnist.standardised(images).reshape(config.images, TOKENS, -1)
    greys = (images / mnist.train.images.max() * (GREYS - 1)).round().long()
    greys = greys.reshape(config.images, TOKENS, -1)
    present, following = greys[:, :, :-1].flatten(), greys[:, :, 1:].flatten()
    # Half of the pairs differ: of blank ones there would be too many.
    places = []
    for mask in (present != following, present == following):
        pixels = mask.nonzero().squeeze(1)
        places.append(pixels[torch.linspace(0, len(pixels) - 1, config.pairs).long()])
    order = torch.cat(places)
    return Inputs(rows, present[order], following[order])


def measure(config: Config, inputs: Inputs, draw: int) -> Draw:
    """Draw matrices and an embedding, and measure every head.

    Args:
        config: the settings.
        inputs: the images.
        draw: index of the draw.

    Returns:
        What the claims read, and a table by width of the head.
    """
    numbers = random_numbers(config, inputs, draw)
    values: dict[str, float] = {}
    rows: list[Row] = []
    projected = projections(config, numbers)
    for (name, arm), dim in product(config.arms.items(), config.dims):
        head = tuple(part[:, :, :dim] for part in projected[arm.tokens, arm.matrices])
        quantities = of_attention(arm, numbers.tokens[arm.tokens], head)
        values |= {f"{quantity}.{name}_{dim}": number for quantity, number in quantities.items()}
        rows += [
            {"arm": name, "dim": dim, "quantity": quantity, "sample": number}
            for quantity, number in quantities.items()
        ]
    for name in config.arms:
        values |= of_widths(config.dims, name, values)
    return Draw(values | of_heads(config, inputs, draw), {"heads": rows})


def random_numbers(config: Config, inputs: Inputs, draw: int) -> Numbers:
    """Draw tokens and matrices.

    Args:
        config: the settings.
        inputs: the images.
        draw: index of the draw.
    """
    width, rows = config.width, inputs.rows
    shape = (*rows.shape[:2], width)

    def normal(layer: int, *size: int) -> Tensor:
        return standard_normal(size, random_generator(config.seed, draw, layer), rows.device)

    embedded = rows @ normal(1, width, rows.shape[2]).T
    tokens = {"rows": embedded, "apart": normal(2, *shape)}
    return Numbers(
        {name: normalised(token) for name, token in tokens.items()},
        {
            packing: torch_matrices(config.seed, draw, width, packed=packing == "packed")
            for packing in dict.fromkeys(arm.matrices for arm in config.arms.values())
        },
    )


def normalised(tokens: Tensor) -> Tensor:
    """Scale every token to unit mean square, as normalisation before attention does.

    Args:
        tokens: of shape (..., width).
    """
    return unit_mean_square(tokens.reshape(-1, tokens.shape[-1])).reshape(tokens.shape)


def torch_matrices(seed: int, draw: int, width: int, *, packed: bool) -> tuple[Tensor, ...]:
    """Draw the matrices of queries, keys and values by torch's ``xavier_uniform_``.

    Args:
        seed: the experiment's seed.
        draw: index of the draw.
        width: of a token.
        packed: whether it sees all three as one matrix, as in ``nn.MultiheadAttention``.

    Returns:
        The three, each of shape (width, width), of the same random numbers packed or not.
    """
    stack = torch.empty(3 * width, width)
    numbers = int(random_generator(seed, draw, 4).integers(2**32))
    generator = torch.Generator().manual_seed(numbers)
    for part in (stack,) if packed else stack.chunk(3):
        nn.init.xavier_uniform_(part, generator=generator)
    return stack.chunk(3)


# Attention ---------------------------------------------------------------------------------------


def projections(config: Config, numbers: Numbers) -> dict[tuple[str, str], tuple[Tensor, ...]]:
    """Return queries, keys and values of as many entries as a token has, by tokens and matrices.

    Args:
        config: the settings.
        numbers: the random numbers.
    """
    pairs = dict.fromkeys((arm.tokens, arm.matrices) for arm in config.arms.values())
    return {
        (tokens, matrices): tuple(
            numbers.tokens[tokens] @ matrix.T for matrix in numbers.matrices[matrices]
        )
        for tokens, matrices in pairs
    }


def of_attention(arm: Arm, tokens: Tensor, projected: tuple[Tensor, ...]) -> dict[str, float]:
    """Let one head attend.

    Args:
        arm: the head.
        tokens: what it reads.
        projected: its queries, keys and values, each of shape (images, tokens, d).

    Returns:
        By name: the mean square of a score; the variance of the scores of a row, and that over its
        law; the entropy of the weights, the largest of them, and the sum of their squares; the
        second moment of the outputs over that of the values; what differs between the outputs of
        an image over what differs between its values; and of the squares of the softmax's
        derivatives the mean over what equal weights have, and the mean of the logarithm.
    """
    queries, keys, values = projected
    dim = queries.shape[2]
    scale = {"none": 1.0, "root": 1 / sqrt(dim), "inverse": 1 / dim}[arm.scaling]
    scores = scale * queries @ keys.mT
    law = scale**2 * dim * (mean_square(tokens) - mean_square(tokens.mean(dim=1)))
    within_row = scores.double().var(dim=2, correction=0).mean().item()
    weights = scores.double().softmax(dim=2)
    outputs = weights @ values.double()
    squares = weights.square().sum(dim=2)
    # Of a gradient of the weights with independent entries they leave so much, on average.
    slopes = squared_slopes(weights)
    equal = (TOKENS - 1) / TOKENS**2
    return {
        "score_square": mean_square(scores),
        "within_row": within_row,
        "within_over_law": within_row / law,
        "entropy": torch.special.entr(weights).sum(dim=2).mean().item(),
        "largest": weights.amax(dim=2).mean().item(),
        "square": squares.mean().item(),
        "kept": mean_square(outputs) / mean_square(values),
        "differs": mean_square(centred(outputs)) / mean_square(centred(values)),
        "gradient": slopes.mean().item() / equal,
        "log_slopes": slopes.clamp(min=LEAST).log().mean().item(),
    }


def squared_slopes(weights: Tensor) -> Tensor:
    r"""Return the sum of the squares of the derivatives of a softmax.

    .. math:: \sum_j p_j^2 (1 - p_j)^2 + \sum_{j \ne k} p_j^2 p_k^2

    The largest weight is kept apart, so that no digit is lost where it is nearly 1.

    Args:
        weights: that it gave, of shape (..., tokens).

    >>> squared_slopes(torch.tensor([0.5, 0.5]))
    tensor(0.2500)
    """
    largest = weights.amax(dim=-1)
    rest = weights.scatter(-1, weights.argmax(dim=-1, keepdim=True), 0.0)
    total, squares = rest.sum(dim=-1), rest.square().sum(dim=-1)
    diagonal = (largest * total).square() + (rest * (1 - rest)).square().sum(dim=-1)
    off_diagonal: Tensor = (
        2 * largest.square() * squares + squares.square() - rest.pow(4).sum(dim=-1)
    )
    return diagonal + off_diagonal


def centred(vectors: Tensor) -> Tensor:
    """Take from each vector the mean of those of its image, of shape (images, tokens, width)."""
    return vectors - vectors.mean(dim=1, keepdim=True)


def of_widths(dims: tuple[int, ...], name: str, values: dict[str, float]) -> dict[str, float]:
    """Compare the two largest widths of a head.

    Args:
        dims: the widths of the head.
        name: of the arm.
        values: what was measured of each arm and width, by key.

    Returns:
        By key: the power of the width with which the mean of what comes through the softmax
        changes, and by how much half of its logarithm's mean falls as the root of the width grows.
    """
    low, high = [*pairwise(dims)][-1]
    mean = [values[f"gradient.{name}_{dim}"] for dim in (low, high)]
    logarithm = [values[f"log_slopes.{name}_{dim}"] for dim in (low, high)]
    return {
        f"gradient_power.{name}": log2(mean[1] / mean[0]) / log2(high / low),
        f"log_fall.{name}": (logarithm[0] - logarithm[1]) / 2 / (sqrt(high) - sqrt(low)),
    }


# The tied head -----------------------------------------------------------------------------------


def of_heads(config: Config, inputs: Inputs, draw: int) -> dict[str, float]:
    """Return the first losses of heads that guess the grey level of the next pixel.

    Args:
        config: the settings.
        inputs: the pairs of pixels.
        draw: index of the draw.

    Returns:
        For each head the mean cross-entropy, over the pairs that differ, those that are equal, and
        all, which count as many of either; and the mean square of a logit.
    """
    sizes = ((GREYS, config.width), (len(inputs.now), config.width))
    table, independent = (
        standard_normal(size, random_generator(config.seed, draw, layer), inputs.rows.device)
        for layer, size in enumerate(sizes, start=5)
    )
    differ = inputs.now != inputs.following
    values: dict[str, float] = {}
    for name, head in config.heads.items():
        embedding = table / (1.0 if head.variance == "one" else sqrt(config.width))
        stream = normalised(embedding[inputs.now] if head.stream == "own" else independent)
        logits = (stream @ embedding.T).double()
        losses = functional.cross_entropy(logits, inputs.following, reduction="none")
        values |= {
            f"differ_loss.{name}": quotient(losses[differ].sum().item(), float(differ.sum())),
            f"equal_loss.{name}": quotient(losses[~differ].sum().item(), float((~differ).sum())),
            f"first_loss.{name}": losses.mean().item(),
            f"logit_square.{name}": mean_square(logits),
        }
    return values
