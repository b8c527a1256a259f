"""Rules for the look of a figure; each lists what in a figure breaks it."""

import re
from collections.abc import Iterator, Mapping
from itertools import combinations
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.path import Path
from matplotlib.text import Text
from matplotlib.transforms import Bbox
from numpy.typing import ArrayLike

from study.record.plotting import TEXT, WIDTH

SLACK = 1.0
"""By how many pixels things may touch; a letter does not fill its box."""
CODE = {"fan_in", "fan_out"}
"""Settings of libraries, which figures call by their name in the code."""
FIELD = {
    *("average", "geometric", "orthogonal", "truncated", "chaotic", "ordered", "forward"),
    *("backward", "sigmoid", "softsign", "tanh", "linear", "depth", "width", "updates", "networks"),
    *("activation", "depthwise", "transposed", "standardised", "digit", "step", "layers"),
}
"""Names of settings that are the field's words as well."""


def unreadable(figure: Figure) -> list[str]:
    """List what makes a figure too wide, or its text too small, for a phone."""
    width = float(figure.get_size_inches()[0])
    wide = [f"{width} inches wide"] if width > WIDTH else []
    small = [text.get_text() for text in _texts(figure) if float(text.get_fontsize()) < TEXT]
    return wide + [f"small: {text}" for text in small]


def cut_off(figure: Figure) -> list[str]:
    """List the text that is not wholly within the picture."""
    page = figure.bbox.padded(SLACK)
    return [
        f"cut off: {text.get_text()}"
        for text in _texts(figure)
        if not _within(text.get_window_extent(), page)
    ]


def covered(figure: Figure) -> list[str]:
    """List the text that lies on other text, or on a line, a point or a bar."""
    boxes = [(text, text.get_window_extent().padded(-SLACK)) for text in _texts(figure)]
    pairs = [
        f"on one another: {text.get_text()}, {other.get_text()}"
        for (text, box), (other, other_box) in combinations(boxes, 2)
        if box.overlaps(other_box)
    ]
    drawn = [curve for axes in figure.axes for curve in _curves(axes)]
    return pairs + [
        f"on a curve: {text.get_text()}"
        for text, box in boxes
        if any(frame.overlaps(box) and _meets(path, box, joined) for frame, path, joined in drawn)
    ]


def unbounded(figure: Figure) -> list[str]:
    """List the bars that run out of their frame."""
    return [
        f"bar beyond the frame at {np.round(np.asarray(segment)[0], 6).tolist()}"
        for axes in figure.axes
        for bars in axes.collections
        if isinstance(bars, LineCollection)
        for segment in bars.get_segments()
        if not _inside(axes, segment)
    ]


def raw_names(figure: Figure, settings: Mapping[str, Any]) -> list[str]:
    """List the text that is a name of the code, such as that of an arm."""
    names = {*_keys(settings)} - FIELD - CODE
    return [
        f"a name of the code: {text.get_text()}"
        for text in _texts(figure)
        for part in [text.get_text().replace("\n", " ")]
        if part in names or {*re.findall(r"\b[A-Za-z]+(?:_[A-Za-z0-9]+)+\b", part)} - CODE
    ]


def _texts(figure: Figure) -> list[Text]:
    return [
        text
        for text in figure.findobj(Text)
        if isinstance(text, Text) and text.get_visible() and text.get_text().strip()
        if not _is_idle_tick(figure, text)
    ]


def _is_idle_tick(figure: Figure, text: Text) -> bool:
    """Tell whether text is the label of a mark that is out of the view, and so not drawn."""
    for axes in figure.axes:
        for axis in (axes.xaxis, axes.yaxis):
            ticks = [*axis.get_major_ticks(), *axis.get_minor_ticks()]
            for tick in ticks:
                if text in {tick.label1, tick.label2}:
                    view = [*axis.get_view_interval(), tick.get_loc()]
                    *ends, place = axis.get_transform().transform(np.array(view))
                    reach = 1e-6 * abs(ends[1] - ends[0])
                    shown = min(ends) - reach <= place <= max(ends) + reach
                    return not shown or not axes.get_visible() or not axes.axison
    return False


def _curves(axes: Axes) -> Iterator[tuple[Bbox, Path, bool]]:
    """Yield what is drawn in a frame, in pixels, and whether its points are joined."""
    frame = axes.get_window_extent()
    for line in axes.lines:
        path = line.get_path().transformed(line.get_transform())
        yield frame, path, line.get_linestyle() != "None"
    for bars in axes.collections:
        if isinstance(bars, LineCollection):
            for path in bars.get_paths():
                yield frame, path.transformed(bars.get_transform()), True


def _meets(path: Path, box: Bbox, joined: bool) -> bool:  # noqa: FBT001 - of a curve
    vertices = np.asarray(path.vertices)
    if not joined:
        return any(box.contains(x, y) for x, y in vertices)
    finite = vertices[np.isfinite(vertices).all(axis=1)]
    return len(finite) > 1 and bool(Path(finite).intersects_bbox(box, filled=False))


def _within(box: Bbox, page: Bbox) -> bool:
    corners = box.corners()
    return all(page.contains(x, y) for x, y in corners)


def _inside(axes: Axes, segment: ArrayLike) -> bool:
    places = axes.transData.transform(np.asarray(segment))
    frame = axes.get_window_extent().padded(SLACK)
    return bool(np.isfinite(places).all()) and all(frame.contains(x, y) for x, y in places)


def _keys(settings: Mapping[str, Any]) -> Iterator[str]:
    for value in settings.values():
        if isinstance(value, Mapping):
            yield from value
            yield from _keys(value)
