"""Shapeset: which shapes there are, how much of them one sees, and that each image is itself.

Areas, extents and greys are computed a second way here, from the corners of polygons.
"""

from collections.abc import Sequence
from itertools import pairwise
from math import cos, pi, sin

import numpy as np
import pytest
import torch

from study.lab import data_sets, shapeset
from study.lab.mnist import Bytes
from study.lab.shapeset import COMBINATIONS, FINER, PARTS, SHAPES, SIDE, Scenes

Point = tuple[float, float]
SEED, COUNT = 7, 600
MANY = 256
"""Corners that stand for an ellipse; its area is short by 2π²/3 over their square, 0.01 %."""
LABELS, GROUNDS = [7, 0, 0, 5, 7, 8], [47, 201, 191, 111, 97, 51]
"""Of the first images, and the byte in their upper left corner."""
GRID = 0.03
"""What an area may be off by, as a share, since it is counted on a grid of a quarter of a pixel."""


@pytest.fixture(scope="module")
def drawn() -> tuple[Scenes, Bytes]:
    """Give some scenes and their pictures."""
    scenes, _ = shapeset.scenes(SEED, "train", 0, COUNT)
    return scenes, shapeset.images(SEED, "train", 0, COUNT)[0]


def outline(scenes: Scenes, image: int, at: int) -> list[Point]:
    """Return the corners of a shape in pixels, one after the other."""
    corners = {"triangle": 3, "parallelogram": 4, "ellipse": MANY}
    count = corners[SHAPES[scenes.shapes[image, at]]]
    (a, b), (c, d) = scenes.maps[image, at].tolist()
    x, y = scenes.centres[image, at].tolist()
    angles = [2 * pi * corner / count for corner in range(count)]
    base = [(cos(angle) / 2, sin(angle) / 2) for angle in angles]
    return [(a * u + b * v + x, c * u + d * v + y) for u, v in base]


def turned(a: Point, b: Point, c: Point) -> float:
    """Return twice the area of a triangle, negative if it goes round the other way."""
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])


def area(corners: Sequence[Point]) -> float:
    """Return the area of a polygon, by the shoelace formula."""
    around = [*corners, *corners[:1]]
    return abs(sum(p[0] * q[1] - q[0] * p[1] for p, q in pairwise(around))) / 2


def common(first: Sequence[Point], second: Sequence[Point]) -> list[Point]:
    """Cut one convex polygon by the sides of another, as Sutherland and Hodgman do."""
    centre = (sum(x for x, _ in second) / len(second), sum(y for _, y in second) / len(second))
    for p, q in pairwise([*second, second[0]]):
        side = 1 if turned(p, q, centre) > 0 else -1
        kept: list[Point] = []
        for one, other in pairwise([*first, *first[:1]]):
            here, there = side * turned(p, q, one), side * turned(p, q, other)
            if here >= 0:
                kept.append(one)
            if here * there < 0:
                share = here / (here - there)
                kept.append(
                    (one[0] + share * (other[0] - one[0]), one[1] + share * (other[1] - one[1]))
                )
        first = kept
    return list(first)


def pairs(scenes: Scenes) -> list[int]:
    return np.flatnonzero(scenes.shapes[:, 1] >= 0).tolist()


def covered_shares(scenes: Scenes) -> list[float]:
    """Return of each pair which share of the shape behind is covered."""
    outlines = [(outline(scenes, image, 0), outline(scenes, image, 1)) for image in pairs(scenes)]
    return [area(common(behind, front)) / area(behind) for behind, front in outlines]


# Classes -----------------------------------------------------------------------------------------


def test_there_are_nine_classes_one_shape_or_two_in_any_order() -> None:
    assert len(COMBINATIONS) == len(set(COMBINATIONS)) == 9
    assert {frozenset(shapes) for shapes in COMBINATIONS if len(shapes) == 1} == {
        frozenset([shape]) for shape in SHAPES
    }
    both = [tuple(sorted(shapes)) for shapes in COMBINATIONS if len(shapes) == 2]
    assert len(set(both)) == 6


def test_the_label_says_which_shapes_there_are(drawn: tuple[Scenes, Bytes]) -> None:
    scenes, _ = drawn
    for label, shapes in zip(scenes.labels, scenes.shapes, strict=True):
        seen = [SHAPES[shape] for shape in shapes if shape >= 0]
        assert sorted(seen) == sorted(COMBINATIONS[label])


def test_the_classes_are_equally_likely_and_either_shape_in_front() -> None:
    evenly = (np.arange(18) + 0.5) / 18
    labels, shapes = shapeset.chosen(np.array([(u, v) for u in evenly for v in (0.25, 0.75)]))
    assert np.bincount(labels, minlength=9).tolist() == [4] * 9
    for label in range(3, 9):
        behind = shapes[labels == label, 0]
        assert sorted(behind) == sorted(2 * [SHAPES.index(shape) for shape in COMBINATIONS[label]])


def test_the_numbers_that_choose_are_uniform() -> None:
    labels = shapeset.scenes(SEED, "train", 0, COUNT)[0].labels
    more = [shapeset.images(SEED, "train", first, 1)[1][0] for first in range(0, 4 * COUNT, 4)]
    for some in (labels, np.array(more)):
        # Five standard deviations of a count.
        assert np.bincount(some, minlength=9) == pytest.approx(
            COUNT / 9, abs=5 * (COUNT * 8 / 81) ** 0.5
        )


# Shapes ------------------------------------------------------------------------------------------


def test_the_grid_counts_the_area_of_each_shape(drawn: tuple[Scenes, Bytes]) -> None:
    scenes, _ = drawn
    _, masks = shapeset.scenes(SEED, "train", 0, COUNT)
    singles = np.flatnonzero(scenes.shapes[:, 1] < 0).tolist()
    counted = masks[singles, 0].sum(axis=(1, 2)) / FINER**2
    exact = np.array([area(outline(scenes, image, 0)) for image in singles])
    assert counted == pytest.approx(exact, rel=GRID, abs=0.6)
    assert counted.mean() == pytest.approx(exact.mean(), rel=0.002)


def test_no_shape_comes_nearer_to_the_edge_than_a_pixel(
    drawn: tuple[Scenes, Bytes],
) -> None:
    scenes, pictures = drawn
    corners = [
        outline(scenes, image, at)
        for image in range(COUNT)
        for at in range(2)
        if scenes.shapes[image, at] >= 0
    ]
    flat = np.array([number for shape in corners for point in shape for number in point])
    assert flat.min() >= 1 - 1e-9
    assert flat.max() <= SIDE - 1 + 1e-9
    rim = np.ones((SIDE, SIDE), bool)
    rim[1:-1, 1:-1] = False
    assert (np.ptp(pictures[:, rim.ravel()].astype(int), axis=1) == 0).all()
    # And some come as near.
    assert flat.min() < 1.1
    assert flat.max() > SIDE - 1.1


def test_scales_fill_their_range(drawn: tuple[Scenes, Bytes]) -> None:
    scenes, _ = drawn
    scales = np.linalg.svd(scenes.maps[:, 0], compute_uv=False) / SIDE
    assert 0.2 <= scales.min() < 0.21
    assert 0.79 < scales.max() <= 0.8


# Occlusion ---------------------------------------------------------------------------------------


def test_half_of_the_shape_behind_is_in_view(drawn: tuple[Scenes, Bytes]) -> None:
    shares = covered_shares(drawn[0])
    assert max(shares) < 0.5 + GRID
    assert max(shares) > 0.45  # the bound is used
    assert min(shares) == 0


def test_without_the_bound_more_would_be_covered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shapeset, "OCCLUSION", 1.0)
    scenes, _ = shapeset.scenes(SEED, "train", 0, COUNT)
    assert max(covered_shares(scenes)) > 0.9


def test_two_squares_that_overlap_by_a_quarter() -> None:
    square, moved = [(0, 0), (2, 0), (2, 2), (0, 2)], [(1, 1), (3, 1), (3, 3), (1, 3)]
    assert area(square) == 4
    assert area(common(square, moved)) == 1
    assert common(square, [(5, 5), (6, 5), (6, 6)]) == []


# Pixels ------------------------------------------------------------------------------------------


def test_a_pixel_is_the_grey_of_what_lies_there(drawn: tuple[Scenes, Bytes]) -> None:
    scenes, pictures = drawn
    _, masks = shapeset.scenes(SEED, "train", 0, COUNT)
    squares = masks.reshape(COUNT, 2, SIDE, FINER, SIDE, FINER)
    covered = squares.sum(axis=(3, 5)).reshape(COUNT, 2, SIDE**2)
    (behind, front), all_of_it = (covered[:, 0], covered[:, 1]), FINER**2
    bytes_ = np.round(255 * scenes.greys)[:, :, None]
    ground, back = (behind == 0) & (front == 0), (behind == all_of_it) & (front == 0)
    for mask, of in ((ground, 0), (back, 1), (front == all_of_it, 2)):
        assert mask.any()
        assert (pictures == bytes_[:, of])[mask].all()


def test_greys_are_light_on_dark_or_dark_on_light(drawn: tuple[Scenes, Bytes]) -> None:
    greys = drawn[0].greys
    on_dark = greys[:, 0] < 0.5
    assert 0.4 < on_dark.mean() < 0.6
    for ground, shapes in (
        (greys[on_dark, 0], greys[on_dark, 1:]),
        (1 - greys[~on_dark, 0], 1 - greys[~on_dark, 1:]),
    ):
        assert 0 <= ground.min() < ground.max() <= 0.45
        assert 0.55 <= shapes.min() < shapes.max() <= 1


def test_pixels_are_bytes_and_their_split_is_scaled() -> None:
    pictures, labels = shapeset.images(SEED, "test", 3, 5)
    assert pictures.dtype == np.uint8
    split = shapeset.drawn(SEED, "test", 3, 5)
    assert split.images.tolist() == (pictures.astype(np.float32) / np.float32(255)).tolist()
    assert split.labels.tolist() == labels.tolist()
    assert split.images.dtype == torch.float32


# Each image is itself ----------------------------------------------------------------------------


def test_an_image_is_the_same_whatever_it_is_drawn_with() -> None:
    together, labels = shapeset.images(SEED, "train", 40, 600)
    for first, count in ((40, 1), (41, 300), (139, 257)):
        part, its_labels = shapeset.images(SEED, "train", first, count)
        place = slice(first - 40, first - 40 + count)
        assert (part == together[place]).all()
        assert (its_labels == labels[place]).all()


def test_no_image_comes_twice() -> None:
    pictures = [
        picture.tobytes()
        for seed in (SEED, SEED + 1)
        for split in PARTS
        for picture in shapeset.images(seed, split, 0, 50)[0]
    ]
    far = [picture.tobytes() for picture in shapeset.images(SEED, "train", 10**12, 50)[0]]
    assert len({*pictures, *far}) == len(pictures) + len(far)


def test_the_first_images_are_what_they_were() -> None:
    """Numbers that were read off once: other images under the same name would be noticed."""
    pictures, labels = shapeset.images(SEED, "train", 0, 6)
    assert labels.tolist() == LABELS
    assert pictures[:, 0].tolist() == GROUNDS


# As a data set -----------------------------------------------------------------------------------


def test_shapeset_is_known_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shapeset, "SIZES", {"train": 30, "validation": 20, "test": 10})
    found = data_sets.find("shapeset")
    data = data_sets.load(found, 255.0, torch.device("cpu"))
    assert (data.name, data.checksum) == ("shapeset", found.checksum)
    assert [split.images.shape for split in data.splits] == [(30, 1024), (20, 1024), (10, 1024)]
    some, _ = shapeset.images(shapeset.SEED, "validation", 0, 20)
    assert (data.validation.images * 255).round().tolist() == some.tolist()
    standard = data.standardised(data.train.images)
    assert standard.mean().item() == pytest.approx(0, abs=1e-5)
    assert standard.std().item() == pytest.approx(1, abs=1e-5)


def test_other_images_have_another_checksum(monkeypatch: pytest.MonkeyPatch) -> None:
    known = data_sets.find("shapeset").checksum
    assert data_sets.find("shapeset").checksum == known
    monkeypatch.setattr(shapeset, "SCALES", (0.2, 0.79))
    assert data_sets.find("shapeset").checksum != known


def test_another_name_is_that_of_mnist() -> None:
    assert data_sets.find("mnist_5k").name == "mnist_5k"
