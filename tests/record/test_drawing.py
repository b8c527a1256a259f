from math import inf, nan
from typing import TYPE_CHECKING

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib import pyplot as plt
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.colors import to_hex
from matplotlib.text import Annotation, Text

from study.record import drawing
from study.record.estimates import Estimate
from study.record.results import Rows
from tests import looks

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D

ROWS = Rows(
    {
        "layer": [1, 2, 3],
        "mean": [4.0, 2.0, 1.0],
        "half_width": [1.0, 0.5, 0.25],
        "deviation": [3.0, 2.0, 1.0],
        "law": [4.0, 2.5, 1.5],
    }
)


@pytest.fixture
def axes() -> "Iterator[Axes]":
    figure, axes = plt.subplots()
    yield axes
    plt.close(figure)


def points(line: "Line2D") -> list[list[float]]:
    found: list[list[float]] = np.asarray(line.get_xydata()).tolist()
    return found


def colours(found: "Iterable[Line2D | Text]") -> list[str]:
    return [to_hex(one.get_color()) for one in found]


def bars(axes: "Axes") -> list[list[list[float]]]:
    (collection,) = axes.collections
    assert isinstance(collection, LineCollection)
    return [np.asarray(segment).tolist() for segment in collection.get_segments()]


def bounds(axes: "Axes") -> list[tuple[float, float]]:
    """Return the low and the high end of a band at each of its places."""
    (collection,) = axes.collections
    assert isinstance(collection, PolyCollection)
    vertices = np.asarray(collection.get_paths()[0].vertices)
    heights = (vertices[vertices[:, 0] == place, 1] for place in np.unique(vertices[:, 0]))
    return [(float(found.min()), float(found.max())) for found in heights]


def test_a_curve_has_intervals_and_its_law_in_its_colour(axes: "Axes") -> None:
    colour = drawing.curve(axes, ROWS, "layer", law="law", color="C3", label="measured")
    curve, law = axes.lines
    assert points(curve) == [[1, 4], [2, 2], [3, 1]]
    assert bars(axes) == [[[1, 3], [1, 5]], [[2, 1.5], [2, 2.5]], [[3, 0.75], [3, 1.25]]]
    assert points(law) == [[1, 4], [2, 2.5], [3, 1.5]]
    assert colours([curve, law]) == [to_hex("C3"), colour]
    assert law.get_linestyle() == "--"
    assert axes.get_legend_handles_labels()[1] == ["measured"]


def test_a_curve_may_stand_elsewhere_and_be_multiplied(axes: "Axes") -> None:
    drawing.curve(axes, ROWS, [10, 20, 30], scale=[1, 2, 4], reach="deviation", law=[1, 2, 3])
    curve, law = axes.lines
    assert points(curve) == [[10, 4], [20, 4], [30, 4]]
    assert bars(axes) == [[[10, 1], [10, 7]], [[20, 0], [20, 8]], [[30, 0], [30, 8]]]
    assert points(law) == [[10, 1], [20, 2], [30, 3]]


def test_a_curve_may_have_no_intervals(axes: "Axes") -> None:
    colour = drawing.curve(axes, ROWS, "layer", "-", reach=None, scale=2.0, color="C1")
    assert points(axes.lines[0]) == [[1, 8], [2, 4], [3, 2]]
    assert list(axes.collections) == []
    assert colour == to_hex("C1")


def test_intervals_end_where_the_quantity_does(axes: "Axes") -> None:
    drawing.curve(axes, ROWS, "layer", within=(0.8, 4.5))
    assert bars(axes) == [[[1, 3], [1, 4.5]], [[2, 1.5], [2, 2.5]], [[3, 0.8], [3, 1.25]]]
    axes.clear()
    drawing.banded_curve(axes, ROWS, "layer", within=(0.8, 4.5))
    assert bounds(axes) == [(3, 4.5), (1.5, 2.5), (0.8, 1.25)]
    axes.clear()
    drawing.estimates(axes, [0, 1], [Estimate(0.9, 0.5, 9), Estimate(2, inf, 9)], within=(0, 1))
    assert bars(axes) == [[[0, 0.4], [0, 1]], [[1, 0], [1, 2]]]


def test_estimates_have_intervals(axes: "Axes") -> None:
    values = [Estimate(2.0, 0.5, 9), Estimate(1.0, 0.25, 9)]
    colour = drawing.estimates(axes, [0, 1], values, "s", scale=100, color="C2")
    assert points(axes.lines[0]) == [[0, 200], [1, 100]]
    assert bars(axes) == [[[0, 150], [0, 250]], [[1, 75], [1, 125]]]
    assert (axes.lines[0].get_marker(), colour) == ("s", to_hex("C2"))


def test_what_diverged_leaves_the_rest_as_it_is(axes: "Axes") -> None:
    means, half_widths = [1.0, 1e300, inf, nan, 2.0], [0.5, 1e300, inf, nan, 0.5]
    rows = Rows({"layer": [1, 2, 3, 4, 5], "mean": means, "half_width": half_widths})
    drawing.curve(axes, rows, "layer", scale=[1, 1e300, 0, 1, 1])
    drawing.banded_curve(axes, rows, "layer")
    axes.set_ylim(0, 3)
    axes.figure.canvas.draw()
    assert points(axes.lines[0])[::4] == points(axes.lines[1])[::4] == [[1, 1], [5, 2]]


def test_a_banded_curve_lies_in_the_band_of_its_intervals(axes: "Axes") -> None:
    colour = drawing.banded_curve(axes, ROWS, "layer", color="C1")
    (line,) = axes.lines
    assert (points(line), colours([line])) == ([[1, 4], [2, 2], [3, 1]], [colour])
    assert bounds(axes) == [(3, 5), (1.5, 2.5), (0.75, 1.25)]


def test_single_runs_are_thin_and_their_median_is_thick(axes: "Axes") -> None:
    runs = {0: [1, 2], 1: [3, 8], 2: [9, 4]}
    rows = Rows.from_rows(
        [
            {"draw": draw, "update": update, "loss": loss}
            for draw, losses in runs.items()
            for update, loss in zip((20, 10), losses, strict=True)
        ]
    )
    colour = drawing.runs(axes, rows, "update", "loss", label="loss")
    median, *single = axes.lines
    assert points(median) == [[10, 4], [20, 3]]
    assert [points(line) for line in single] == [[[20, a], [10, b]] for a, b in runs.values()]
    assert all(line.get_linewidth() < 1 < median.get_linewidth() for line in single)
    assert colours(axes.lines) == [colour] * 4
    assert axes.get_legend_handles_labels()[1] == ["loss"]


def test_ends_are_labelled_in_the_order_of_the_curves_and_not_on_one_another(axes: "Axes") -> None:
    axes.plot([0, 1], [50, 51], label="upper")
    axes.plot([0, 1, 2], [50, 50, nan], label="lower")
    drawing.estimates(axes, [0, 1], [Estimate(10, 10, 9)] * 2, "o-", label="far below")
    axes.plot([], [], label="nothing")
    axes.plot([0, 1], [0, 100])
    drawing.label_ends(axes)
    assert [text.get_text() for text in axes.texts] == ["far below", "lower", "upper"]
    assert colours(axes.texts) == [to_hex(name) for name in ("C2", "C1", "C0")]
    axes.figure.canvas.draw()
    boxes = [text.get_window_extent() for text in axes.texts]
    for box, end in zip(boxes, (10, 50, 51), strict=True):
        height = axes.transData.transform((1, end))[1]
        assert box.y0 - box.height < height < box.y1 + box.height
    assert boxes[0].y1 < boxes[1].y0
    assert boxes[1].y1 < boxes[2].y0 + 1
    assert min(box.x0 for box in boxes) > axes.get_window_extent().x1


def test_a_label_of_several_lines_has_the_room_it_needs(axes: "Axes") -> None:
    axes.plot([0, 1], [5, 5], label="one\nbelow\nthe other")
    axes.plot([0, 1], [5, 5], label="single")
    axes.plot([0, 1], [0, 10])
    drawing.label_ends(axes)
    axes.figure.canvas.draw()
    lower, upper = (text.get_window_extent() for text in axes.texts)
    assert lower.y1 < upper.y0 + 1


def test_panels_below_one_another_are_as_wide_as_any_figure() -> None:
    figure, panels = drawing.stacked(3, 1.5)
    assert figure.get_size_inches().tolist() == [mpl.rcParams["figure.figsize"][0], 4.5]
    tops = [axes.get_position().y1 for axes in panels]
    assert tops == sorted(tops, reverse=True)
    panels[0].set_xlim(2, 3)
    assert panels[2].get_xlim() == (2, 3)
    plt.close(figure)


def test_a_legend_above_lies_outside_the_frame(axes: "Axes") -> None:
    axes.plot([0, 1], [0, 1], label="a line")
    drawing.legend_above(axes)
    axes.figure.canvas.draw()
    legend = axes.get_legend()
    assert legend is not None
    assert legend.get_window_extent().y0 >= axes.get_window_extent().y1


def test_a_shared_legend_names_each_curve_once_above_all_panels() -> None:
    figure, panels = drawing.stacked(2)
    for axes, names in zip(panels, (("one", "other"), ("other", "third")), strict=True):
        for text in names:
            axes.plot([0, 1], [0, 1], label=text)
    figure.set_layout_engine("constrained")
    drawing.shared_legend(figure, columns=3)
    figure.canvas.draw()
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == ["one", "other", "third"]
    assert legend.get_window_extent().y0 >= panels[0].get_window_extent().y1
    plt.close(figure)


def test_a_heat_map_has_each_number_at_its_place_and_none_where_there_is_none(
    axes: "Axes",
) -> None:
    rows = [
        {"gain": gain, "depth": depth, "mean": gain * depth}
        for gain, depth in ((2, 30), (1, 10), (2, 10))
    ]
    mesh = drawing.heat_map(axes, Rows.from_rows(rows), "gain", "depth", text=str, vmin=0)
    assert np.ma.filled(np.ma.asarray(mesh.get_array()), -1).tolist() == [[10, 20], [-1, 60]]
    assert [text.get_text() for text in axes.get_xticklabels()] == ["1", "2"]
    assert [text.get_text() for text in axes.get_yticklabels()] == ["10", "30"]
    assert mesh.get_clim() == (0, 60)
    written = {text.get_position(): (text.get_text(), text.get_color()) for text in axes.texts}
    assert written[1.5, 1.5] == ("60.0", "#000000")  # on yellow
    assert written[0.5, 0.5] == ("10.0", "#ffffff")
    assert len(written) == 3


def test_cells_with_names_stand_in_the_order_of_the_table(axes: "Axes") -> None:
    rows = Rows({"mode": ["out", "in"], "width": [1, 1], "mean": [3.0, 4.0]})
    drawing.heat_map(axes, rows, "mode", "width")
    assert [text.get_text() for text in axes.get_xticklabels()] == ["out", "in"]
    assert list(axes.texts) == []


def test_logarithms_are_marked_by_powers(axes: "Axes") -> None:
    axes.set_ylim(-100, 100)
    drawing.powers(axes.yaxis, 10)
    axes.figure.canvas.draw()
    marks = [text.get_text() for text in axes.get_yticklabels()]
    assert {"10⁻⁸⁰", "1", "10⁴⁰"} <= {*marks}


def test_labels_along_curves_lie_beside_them(axes: "Axes") -> None:
    axes.plot([0, 1, 2, 3, 4], [0, 1, 2, 3, 4], label="up")
    axes.plot([0, 1, 2, 3, 4], [8, 7, 6, 5, 4], label="down")
    axes.plot([0, 1, 2, 3, 4], [4, 4, 4, 4, 4], label="level")
    drawing.label_along(axes)
    axes.figure.canvas.draw()
    assert [(text.get_text(), text.get_verticalalignment()) for text in axes.texts] == [
        ("up", "top"),
        ("down", "bottom"),
        ("level", "bottom"),
    ]
    assert colours(axes.texts) == colours(axes.lines)
    figure = axes.get_figure(root=True)
    assert figure is not None
    assert looks.covered(figure) == []


def test_axes_without_labels_get_none(axes: "Axes") -> None:
    drawing.label_ends(axes)
    assert list(axes.texts) == []


def test_a_label_stands_beside_its_place(axes: "Axes") -> None:
    drawing.label(axes, "a third", (1.0, 0.5), (4, 0), color="C1")
    (text,) = axes.texts
    assert isinstance(text, Annotation)
    assert (text.get_text(), text.get_color()) == ("a third", "C1")
    assert (text.xy, text.get_position()) == ((1.0, 0.5), (4, 0))


def test_a_level_is_grey_unless_it_is_said_otherwise(axes: "Axes") -> None:
    drawing.level(axes, 2.3)
    drawing.level(axes, 1.0, color="C2")
    assert colours(axes.lines) == [to_hex("grey"), to_hex("C2")]
    assert [points(line) for line in axes.lines] == [[[0, 2.3], [1, 2.3]], [[0, 1], [1, 1]]]


def test_layers_are_marked_by_whole_numbers(axes: "Axes") -> None:
    axes.plot([1, 2, 3], [0, 0, 0])
    assert any(tick % 1 for tick in axes.get_xticks())
    drawing.integer_axis(axes)
    assert not any(tick % 1 for tick in axes.get_xticks())


def test_ticks_are_written_as_numbers_and_there_are_no_others(axes: "Axes") -> None:
    axes.set(xscale="log", yscale="log", xlim=(1, 2000), ylim=(0.1, 10))
    before = list(axes.get_yticks())
    drawing.ticks(axes, x=(3, 30.0, 1000))
    assert [text.get_text() for text in axes.get_xticklabels()] == ["3", "30", "1000"]
    assert list(axes.get_yticks()) == before
    assert [*axes.get_xticks(minor=True), *axes.get_yticks(minor=True)] == []
    drawing.ticks(axes, y=(0.2, 0.5))
    assert [text.get_text() for text in axes.get_yticklabels()] == ["0.2", "0.5"]


def test_negative_ticks_have_a_minus_and_no_hyphen(axes: "Axes") -> None:
    drawing.ticks(axes, y=(-8, 0))
    assert [text.get_text() for text in axes.get_yticklabels()] == ["−8", "0"]
