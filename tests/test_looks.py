from collections.abc import Callable, Iterator

import pytest
from matplotlib import pyplot as plt
from matplotlib.axes import Axes

from study.record import drawing, plotting
from study.record.estimates import Estimate
from tests import looks

ARMS = {"arms": {"he": {"factor": 2}, "fan_in": {"factor": 1}}}


@pytest.fixture
def axes() -> Iterator[Axes]:
    with plotting.style():
        figure, axes = plt.subplots()
        drawing.estimates(axes, [0, 1, 2], [Estimate(0.5, 0.2, 9)] * 3, "o-", label="fan_in")
        axes.set(xlabel="layer", ylabel="share of the loss", ylim=(0, 1.2))
        drawing.label_ends(axes)
        yield axes
        plt.close(figure)


def offences(axes: Axes) -> list[str]:
    figure = axes.get_figure(root=True)
    assert figure is not None
    figure.canvas.draw()
    rules = (looks.unreadable, looks.cut_off, looks.covered, looks.unbounded)
    found = [offence for rule in rules for offence in rule(figure)]
    return found + looks.raw_names(figure, ARMS)


def test_a_figure_that_keeps_all_rules_breaks_none(axes: Axes) -> None:
    assert offences(axes) == []


@pytest.mark.parametrize(
    ("spoil", "offence"),
    [
        (lambda axes: axes.figure.set_figwidth(5), "5.0 inches wide"),
        (lambda axes: axes.set_title("a title", fontsize=8), "small: a title"),
        (lambda axes: axes.set_title("a long title " * 6), "cut off: " + "a long title " * 6),
        (lambda axes: axes.text(0.8, 0.48, "level"), "on a curve: level"),
        (lambda axes: axes.text(0, 0.66, "bar", ha="center"), "on a curve: bar"),
        (lambda axes: axes.set_xlabel("he"), "a name of the code: he"),
        (lambda axes: axes.set_xlabel("he_or_not"), "a name of the code: he_or_not"),
        (lambda axes: axes.set_ylim(0, 0.6), "bar beyond the frame at [0.0, 0.3]"),
        (lambda axes: [axes.text(0.2, 0.9, text) for text in "ab"], "on one another: a, b"),
    ],
)
def test_each_rule_notices_what_breaks_it(
    axes: Axes, spoil: Callable[[Axes], object], offence: str
) -> None:
    spoil(axes)
    assert offence in offences(axes)
