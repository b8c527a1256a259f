r"""Shapeset-3×2: endless images of one or two shapes, drawn as Glorot and Bengio describe them.

An image has 32 by 32 pixels and shows one or two of triangle, parallelogram and ellipse, “placed
with random shape parameters (relative lengths and/or angles), scaling, rotation, translation and
grey-scale”; its class is which shapes there are, whichever is in front, which makes nine. Of two
shapes the one behind keeps at least half of its area in view.

Every triangle is the image of an equilateral one under a linear map, every parallelogram that of a
square and every ellipse that of a circle, so that a shape is a base in a circle of diameter 1 and

.. math:: A = 32\, R(\theta)\, \operatorname{diag}(s_1, s_2)\, R(\varphi)

with two scales, a rotation and an angle of its own, all uniform. A shape lies anywhere inside the
image, a pixel from its edge.

What the paper leaves open is settled here. As in the authors' example of their own program: scales
from 0.2 to 0.8 of the image; light shapes, grey 0.55 to 1, on a dark ground, 0 to 0.45, or one time
in two the other way round; a grey of its own for each shape. This study's choice: the nine classes
are equally likely; each image is drawn 4 by 4 times finer and averaged, so that edges are smooth; a
pixel is a byte. None of the authors' code is used.

Image ``k`` of a split depends on the seed, the split and ``k`` alone: a counter, not a sequence,
gives the random numbers.

**Source**: Glorot and Bengio (2010), section 2.1; ranges: ``simpleexemple.py`` of
github.com/glorotxa/Shapeset.
"""

from dataclasses import dataclass
from itertools import combinations_with_replacement
from math import pi, sqrt
from typing import Literal, TypeAlias, get_args

import numpy as np
import torch
from numpy.typing import NDArray

from study.lab.mnist import Bytes, Files, Mnist, Split

Floats: TypeAlias = NDArray[np.float64]
Integers: TypeAlias = NDArray[np.int64]
Truths: TypeAlias = NDArray[np.bool_]
Name: TypeAlias = Literal["train", "validation", "test"]

NAME = "shapeset"
SIDE = 32
"""Pixels of a side."""
SHAPES = ("triangle", "parallelogram", "ellipse")
"""What there is to see, by its index."""
COMBINATIONS = (
    *((shape,) for shape in SHAPES),
    *combinations_with_replacement(SHAPES, 2),
)
"""The shapes of each class, by its label."""
PARTS: tuple[Name, ...] = get_args(Name)
"""The splits."""
SIZES = {"train": 50_000, "validation": 10_000, "test": 10_000}
"""Images of each split where a data set of fixed size is asked for, as many as MNIST has."""
SEED = 32_010
"""Of the data set of fixed size."""
OCCLUSION = 0.5
"""The largest share of the shape behind that the other may cover."""
SCALES = (0.2, 0.8)
"""Range of the two scales, in sides of the image."""
LIGHT, DARK = (0.55, 1.0), (0.0, 0.45)
"""Ranges of grey."""
EDGE = 1.0
"""Pixels between a shape and the edge of the image, at least."""
FINER = 4
"""So many times finer than the pixels is the grid on which shapes are drawn and areas counted."""

RADIUS = 0.5
"""Of the circle around each base."""
NUMBERS = 8
"""Random numbers set aside for each image at each stage, a multiple of the four made at once."""
CHUNK = 256
"""Images drawn at once, so that they fit into the processor's cache."""


def _circle(corners: int, turn: float = 0.0) -> Floats:
    angles = 2 * pi * (np.arange(corners) + turn) / corners
    return np.stack([np.cos(angles), np.sin(angles)], axis=1)


CORNERS = {"triangle": RADIUS * _circle(3), "parallelogram": RADIUS * _circle(4)}
"""Of the base of each polygon."""
NORMALS = {
    "triangle": _circle(3, turn=0.5),
    "parallelogram": _circle(4, turn=0.5)[:2],
    "ellipse": np.eye(2),
}
"""Directions along which it is told whether a point lies inside of a base."""
INNER = {"triangle": RADIUS / 2, "parallelogram": RADIUS / sqrt(2)}
"""From the centre of a polygon's base to its sides."""


@dataclass(frozen=True)
class Scenes:
    """What is in some images.

    Attributes:
        labels: the class of each, an index of :data:`COMBINATIONS`, of shape (images,).
        shapes: indices of :data:`SHAPES`, behind and in front, (images, 2); -1 for no second one.
        maps: of each shape, from its base to pixels, (images, 2, 2, 2).
        centres: of each shape, in pixels from the upper left corner, (images, 2, 2).
        greys: of the ground, the shape behind and that in front, (images, 3), from 0 to 1.
    """

    labels: Integers
    shapes: Integers
    maps: Floats
    centres: Floats
    greys: Floats


def images(seed: int, split: Name, first: int, count: int) -> tuple[Bytes, Integers]:
    """Draw some images of a split.

    Args:
        seed: of the images.
        split: which; no two have an image in common.
        first: index of the first image, from 0; there is no last.
        count: how many.

    Returns:
        The images, (images, 1024), row by row, and their labels, (images,).
    """
    pictures, labels = np.empty((count, SIDE**2), np.uint8), np.empty(count, np.int64)
    for start in range(0, count, CHUNK):
        size = min(CHUNK, count - start)
        chunk, masks = scenes(seed, split, first + start, size)
        pictures[start : start + size] = rendered(chunk, masks)
        labels[start : start + size] = chunk.labels
    return pictures, labels


def scenes(seed: int, split: Name, first: int, count: int) -> tuple[Scenes, Truths]:
    """Decide what is in some images of a split.

    Args:
        seed: of the images.
        split: which.
        first: index of the first image.
        count: how many.

    Returns:
        The scenes, and where on the finer grid each shape lies, of shape
        (images, 2, 4 · 32, 4 · 32): the shape in front covers the other in places.
    """

    def numbers(stage: int) -> Floats:
        key = np.array([seed, len(PARTS) * stage + PARTS.index(split)], np.uint64)
        counter = np.random.Philox(key=key).advance(first * NUMBERS // 4)
        return np.random.Generator(counter).random((count, NUMBERS))

    u = numbers(0)
    labels, shapes = chosen(u[:, 0:2])
    maps, centres = np.zeros((count, 2, 2, 2)), np.zeros((count, 2, 2))
    masks = np.zeros((count, 2, FINER * SIDE, FINER * SIDE), bool)

    def place(at: int, places: Integers, stage: int) -> None:
        maps[places, at], centres[places, at] = placed(shapes[places, at], numbers(stage)[places])
        masks[places, at] = inside(shapes[places, at], maps[places, at], centres[places, at])

    place(0, np.arange(count), stage=1)
    open_, stage = np.flatnonzero(shapes[:, 1] >= 0), 2
    while len(open_):
        place(1, open_, stage)
        open_, stage = open_[occlusion(masks[open_]) > OCCLUSION], stage + 1
    return Scenes(labels, shapes, maps, centres, shaded(u[:, 2:6])), masks


def chosen(u: Floats) -> tuple[Integers, Integers]:
    """Choose which shapes there are, and which of two is in front.

    Args:
        u: random numbers from 0 to 1, (images, 2).

    Returns:
        The labels, and the shapes as in :class:`Scenes`.

    >>> labels, shapes = chosen(np.array([[0.0, 0.3], [0.5, 0.3], [0.5, 0.7]]))
    >>> labels.tolist(), shapes.tolist()
    ([0, 4, 4], [[0, -1], [1, 0], [0, 1]])
    """
    labels = (len(COMBINATIONS) * u[:, 0]).astype(np.int64)
    by_label = [[*map(SHAPES.index, shapes), -1][:2] for shapes in COMBINATIONS]
    shapes = np.array(by_label)[labels]
    swapped = (u[:, 1] < 0.5) & (shapes[:, 1] >= 0)
    shapes[swapped] = shapes[swapped, ::-1]
    return labels, shapes


def shaded(u: Floats) -> Floats:
    """Choose the greys: light shapes on a dark ground, or the other way round.

    Args:
        u: random numbers from 0 to 1, (images, 4).

    Returns:
        Of the ground, the shape behind and that in front, (images, 3).
    """
    ground, shades = u[:, 1:2], u[:, 2:4]
    light_on_dark = np.hstack([_uniform(ground, *DARK), _uniform(shades, *LIGHT)])
    dark_on_light = np.hstack([_uniform(ground, *LIGHT), _uniform(shades, *DARK)])
    return np.where(u[:, :1] < 0.5, light_on_dark, dark_on_light)


def _uniform(u: Floats, low: float, high: float) -> Floats:
    return low + (high - low) * u


def placed(shapes: Integers, u: Floats) -> tuple[Floats, Floats]:
    """Give shapes their form, size, rotation and place.

    Args:
        shapes: indices of :data:`SHAPES`, (images,).
        u: random numbers from 0 to 1, (images, 6 or more).

    Returns:
        The map of each, (images, 2, 2), and its centre, (images, 2); all of it lies in the image.
    """
    scales = SIDE * _uniform(u[:, 0:2], *SCALES)
    maps = (_rotations(u[:, 2]) * scales[:, None, :]) @ _rotations(u[:, 3])
    reach = RADIUS * np.sqrt((maps**2).sum(axis=2))
    low, high = -reach, reach
    for name, corners in CORNERS.items():
        of_name = shapes == SHAPES.index(name)
        points = maps[of_name] @ corners.T
        low[of_name], high[of_name] = points.min(axis=2), points.max(axis=2)
    return maps, _uniform(u[:, 4:6], EDGE - low, SIDE - EDGE - high)


def _rotations(turns: Floats) -> Floats:
    cos, sin = np.cos(2 * pi * turns), np.sin(2 * pi * turns)
    return np.stack([cos, -sin, sin, cos], axis=-1).reshape(-1, 2, 2)


def inside(shapes: Integers, maps: Floats, centres: Floats) -> Truths:
    """Tell which points of the finer grid lie inside of shapes.

    Args:
        shapes: indices of :data:`SHAPES`, (images,).
        maps: from a base to pixels, (images, 2, 2).
        centres: in pixels, (images, 2).

    Returns:
        Truths of shape (images, 4 · 32, 4 · 32), rows from top to bottom.
    """
    points = ((np.arange(FINER * SIDE) + 0.5) / FINER).astype(np.float32)
    masks = np.empty((len(shapes), FINER * SIDE, FINER * SIDE), bool)
    for name, normals in NORMALS.items():
        of_name = shapes == SHAPES.index(name)
        along = normals @ np.linalg.inv(maps[of_name])  # of a step in pixels, for each direction
        offset = (along @ centres[of_name][:, :, None]).astype(np.float32)
        along = along.astype(np.float32)
        across = along[:, :, 0, None] * points - offset
        down = along[:, :, 1, None] * points
        distances = across[:, :, None, :] + down[:, :, :, None]
        if name == "ellipse":
            masks[of_name] = np.einsum("kdyx,kdyx->kyx", distances, distances) <= RADIUS**2
        elif name == "parallelogram":
            masks[of_name] = (np.abs(distances) <= INNER[name]).all(axis=1)
        else:
            masks[of_name] = (distances <= INNER[name]).all(axis=1)
    return masks


def occlusion(masks: Truths) -> Floats:
    """Return the share of the shape behind that the one in front covers.

    Args:
        masks: where each shape lies, (images, 2, rows, columns).

    >>> behind, front = [[1, 1], [1, 1]], [[0, 1], [0, 0]]
    >>> occlusion(np.array([[behind, front]], bool)).tolist()
    [0.25]
    """
    shares: Floats = masks.all(axis=1).sum(axis=(1, 2)) / masks[:, 0].sum(axis=(1, 2))
    return shares


def rendered(scenes: Scenes, masks: Truths) -> Bytes:
    """Draw scenes: each pixel is the mean grey of the finer grid, in 255ths.

    Args:
        scenes: the scenes.
        masks: where each shape lies.

    Returns:
        The pixels, (images, 1024).
    """

    def covered(mask: Truths) -> Floats:
        squares = mask.reshape(-1, SIDE, FINER, SIDE, FINER)
        shares: Floats = squares.sum(axis=(2, 4)).reshape(-1, SIDE**2) / FINER**2
        return shares

    behind, front = covered(masks[:, 0] & ~masks[:, 1]), covered(masks[:, 1])
    ground, back_grey, front_grey = scenes.greys.T[:, :, None]
    grey = ground + (back_grey - ground) * behind + (front_grey - ground) * front
    pictures: Bytes = np.round(255 * grey).astype(np.uint8)
    return pictures


def drawn(seed: int, split: Name, first: int, count: int, pixel_scale: float = 255.0) -> Split:
    """Draw some images of a split as tensors.

    Args:
        seed: of the images.
        split: which.
        first: index of the first image.
        count: how many.
        pixel_scale: what a byte is divided by.
    """
    pictures, labels = images(seed, split, first, count)
    pixels = pictures.astype(np.float32) / np.float32(pixel_scale)
    return Split(torch.from_numpy(pixels), torch.from_numpy(labels))


def samples() -> Files:
    """Return what stands for the data set of fixed size: the first images of each split."""
    first_images = {str(split): images(SEED, split, 0, CHUNK)[0].tobytes() for split in PARTS}
    return Files(NAME, "drawn by this study", first_images)


def whole(files: Files, pixel_scale: float, device: torch.device) -> Mnist:
    """Draw the data set of fixed size.

    Args:
        files: what stands for it.
        pixel_scale: what a byte is divided by.
        device: where the tensors are to live.

    Returns:
        50,000 images to train, 10,000 to validate and 10,000 to test, as MNIST has.
    """

    def split(name: Name) -> Split:
        part = drawn(SEED, name, 0, SIZES[name], pixel_scale)
        return Split(part.images.to(device), part.labels.to(device))

    train, validation, test = map(split, PARTS)
    return Mnist(files.name, files.checksum, train, validation, test)
