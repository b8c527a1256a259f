"""Arms that a reader added to an experiment, beside those of the study."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING, Any

from matplotlib import pyplot as plt

from study.record.drawing import shared_legend
from study.record.estimates import Estimate

if TYPE_CHECKING:
    from matplotlib.figure import Figure

STRIP, FRAME = 0.75, 0.9
"""Height of the strip of one quantity, and of what stands around the strips, in inches."""


@dataclass(frozen=True)
class Addition:
    """What a reader added to a field that holds several things of one kind.

    Attributes:
        names: of the reader's.
        others: names of the study's.
    """

    names: tuple[str, ...]
    others: tuple[str, ...]


@dataclass(frozen=True)
class Quantity:
    """One quantity in all arms.

    Attributes:
        name: what stands before the arm in the keys of the values, and what stands beside it.
        own: of the reader's arms, by arm.
        others: of the study's.
    """

    name: str
    own: Mapping[str, Estimate]
    others: Mapping[str, Estimate]


def own_arms(settings: Mapping[str, Any], plain: Mapping[str, Any]) -> list[Addition]:
    """Name the entries that a reader added to what holds several things of one kind.

    Args:
        settings: of the experiment, as it was run.
        plain: as its file has them.

    >>> own_arms({"draws": 2, "arms": {"one": {}, "mine": {}}}, {"draws": 9, "arms": {"one": {}}})
    [Addition(names=('mine',), others=('one',))]
    """
    additions = []
    for field, entries in settings.items():
        if isinstance(entries, Mapping) and isinstance(plain.get(field), Mapping):
            names = tuple(name for name in entries if name not in plain[field])
            additions += [Addition(names, tuple(plain[field]))] if names else []
    return additions


def quantities(values: Mapping[str, Estimate], additions: Iterable[Addition]) -> Iterator[Quantity]:
    """Yield each quantity that was measured in one of the reader's arms.

    Args:
        values: of a run, by key.
        additions: the reader's arms.

    Yields:
        Each with the values of the study's arms under keys that differ in the arm alone.

    >>> values = {"size.mine": 1.0, "size.one": 2.0, "rate.one": 3.0, "loss.mine_deep": 4.0}
    >>> for row in quantities(values, [Addition(("mine",), ("one",))]):
    ...     print(row)
    Quantity(name='size', own={'mine': 1.0}, others={'one': 2.0})
    Quantity(name='loss.*_deep', own={'mine': 4.0}, others={})
    """
    for addition in additions:
        frames: dict[str, dict[str, Estimate]] = {}
        for key, value in values.items():
            for name in addition.names:
                if frame := _frame(key, name):
                    frames.setdefault(frame, {})[name] = value
        for frame, own_values in frames.items():
            keys = {name: frame.replace("*", name) for name in addition.others}
            siblings = {name: values[key] for name, key in keys.items() if key in values}
            yield Quantity(frame.removesuffix(".*"), own_values, siblings)


def _frame(key: str, arm: str) -> str:
    """Return a key with a star for an arm; empty if it is of another arm.

    >>> _frame("loss.wide_mine_late", "mine"), _frame("loss.mines", "mine")
    ('loss.wide_*_late', '')
    """
    head, dot, place = key.rpartition(".")
    before, separator, after = f"_{place}_".partition(f"_{arm}_")
    return f"{head}{dot}{f'{before}_*_{after}'[1:-1]}" if separator else ""


def extent(values: Iterable[Estimate]) -> str:
    """Return the least and the largest of some means, as text.

    >>> extent([Estimate(0.5, 0.1, 9), Estimate(2.0, 0.1, 9)])
    '0.5 to 2'
    """
    means = sorted(value.mean for value in values if isfinite(value.mean))
    return f"{means[0]:.4g} to {means[-1]:.4g}" if means else "-"


def own_beside_others(rows: Sequence[Quantity]) -> "Figure":
    """Each quantity of the arms that were added, beside those of the study's arms.

    Args:
        rows: at least one quantity.
    """
    width, _ = plt.rcParams["figure.figsize"]
    size = (width, FRAME + STRIP * len(rows))
    figure, panels = plt.subplots(len(rows), squeeze=False, figsize=size)
    names = list(dict.fromkeys(name for row in rows for name in row.own))
    for row, axes in zip(rows, panels[:, 0], strict=True):
        places = [value.mean for value in row.others.values() if isfinite(value.mean)]
        axes.plot(places, [0] * len(places), "o", color="grey", label="arms of the study")
        for name, value in row.own.items():
            look = {"fmt": "D", "color": f"C{names.index(name)}", "label": name}
            axes.errorbar(value.mean, 0, xerr=_reach(value), **look)
        axes.set_title(row.name, loc="left")
        axes.set(yticks=[], ylim=(-1, 1))
    shared_legend(figure)
    return figure


def _reach(value: Estimate) -> float:
    return value.half_width if isfinite(value.half_width) else 0.0
