import re
from pathlib import Path

import matplotlib as mpl
import pytest
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from study.record import plotting
from study.record.results import Run


def rising_line(run: Run) -> Figure:
    """A line that rises.

    The rest is for those who read the source.
    """
    figure, axes = plt.subplots()
    axes.plot(run.settings["line"], label="line")
    axes.legend()
    return figure


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return Run(tmp_path, {"line": [1, 2, 3]}, {}, {}, {})


def drawn(run: Run) -> dict[str, bytes]:
    plotting.draw_figures((rising_line,), run)
    return {file.name: file.read_bytes() for file in (run.folder / "figures").iterdir()}


def test_a_figure_is_drawn_with_its_alternative_text(run: Run) -> None:
    files = drawn(run)
    assert set(files) == {"rising_line.svg", "rising_line.txt"}
    assert files["rising_line.txt"] == b"A line that rises.\n"


def test_a_figure_drawn_again_is_the_same_bytes(run: Run) -> None:
    assert drawn(run) == drawn(run)


def test_a_figure_follows_its_numbers(run: Run) -> None:
    other = Run(run.folder, {"line": [1, 2, 4]}, {}, {}, {})
    assert drawn(run) != drawn(other)


def test_a_figure_is_drawn_in_the_colours_of_light_pages(run: Run) -> None:
    content = drawn(run)["rising_line.svg"].decode()
    assert plotting.INK["light"] in content
    assert plotting.COLOURS["light"][0].lower() in content


def test_what_is_drawn_no_more_is_removed(run: Run) -> None:
    drawn(run)
    for name in ("falling_line.svg", "falling_line.txt", "rising_line.dark.svg"):
        (run.folder / "figures" / name).write_text("old")
    assert set(drawn(run)) == {"rising_line.svg", "rising_line.txt"}


def test_a_figure_is_as_wide_as_a_phone_can_show_with_text_of_twelve_pixels(run: Run) -> None:
    width = re.search(rb'viewBox="0 0 (\S+)', drawn(run)["rising_line.svg"])
    assert width is not None
    column = 346  # of a page of 390 pixels
    assert plotting.TEXT * column / float(width[1]) >= 12


@pytest.mark.parametrize(
    ("base", "limits", "marks"),
    [
        (10, (1e-2, 1e2), ["0.01", "0.1", "1", "10", "100"]),
        (10, (1e-6, 1), ["10⁻⁶", "10⁻⁵", "10⁻⁴", "10⁻³", "10⁻²", "10⁻¹", "1"]),
        (10, (2e-4, 8e-4), ["2×10⁻⁴", "3×10⁻⁴", "4×10⁻⁴", "6×10⁻⁴"]),
        (2, (2**-4, 2**2), ["2⁻⁴", "2⁻³", "2⁻²", "2⁻¹", "1", "2¹", "2²"]),
    ],
)
def test_the_marks_of_a_logarithmic_axis_are_plain_text(
    base: int, limits: tuple[float, float], marks: list[str]
) -> None:
    figure, axes = plt.subplots()
    axes.set_yscale("log", base=base)
    axes.set_ylim(*limits)
    plotting.write_plainly(figure)
    axis = axes.yaxis
    shown = {
        place: text
        for minor in (False, True)
        for place, label in zip(
            axis.get_ticklocs(minor=minor), axis.get_ticklabels(minor=minor), strict=True
        )
        if (text := label.get_text()) and limits[0] <= place <= limits[1]
    }
    plt.close(figure)
    assert [text for _, text in sorted(shown.items())] == marks


def test_text_is_text_and_none_is_smaller_than_the_style_has_it(run: Run) -> None:
    def small(run: Run) -> Figure:
        """A line under a small title."""
        figure, axes = plt.subplots()
        axes.plot(run.settings["line"])
        axes.set_title("a title", fontsize=7)
        axes.set_xlabel("a quantity", fontsize=12)
        return figure

    plotting.draw_figures((small,), run)
    svg = (run.folder / "figures" / "small.svg").read_text()
    sizes = {float(size) for size in re.findall(r"<text style=\"font-size: ([\d.]+)px", svg)}
    assert sizes == {plotting.TEXT, 12.0}
    assert ">a title<" in svg


def test_no_figure_stays_open_and_no_setting_stays_changed(run: Run) -> None:
    before = dict(mpl.rcParams)
    drawn(run)
    assert plt.get_fignums() == []
    assert dict(mpl.rcParams) == before


def luminance(colour: str) -> float:
    """Relative luminance as the Web Content Accessibility Guidelines define it."""
    channels = mpl.colors.to_rgb(colour)
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize(("mode", "page"), [("light", "#ffffff"), ("dark", "#131416")])
def test_every_colour_can_be_told_from_the_page(mode: str, page: str) -> None:
    # 3 to 1 is what those guidelines ask of graphics; the dark page is that of the site's theme.
    for colour in (plotting.INK[mode], *plotting.COLOURS[mode]):
        bright, dim = sorted([luminance(colour), luminance(page)], reverse=True)
        assert (bright + 0.05) / (dim + 0.05) >= 3, colour
