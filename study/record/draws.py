"""One draw of an experiment, and how many draws become the numbers of a run.

A draw measures quantities, one number each, and rows of tables: labels, and a number under
``sample``. The numbers of a quantity are its samples; rows of the same labels, one or more from
each draw, become one row with their mean and its half width.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeAlias

from study.record.results import Cell, Result, Table, finite_row, mean_row

SAMPLE = "sample"
"""The column that holds the number of a row; all others are labels."""

Row: TypeAlias = Mapping[str, Cell]
Draws: TypeAlias = "Mapping[int, Draw]"
"""The draws of a run by their index, in order."""


class Rows(Sequence[Row]):
    """Rows of the same columns, held by column, which takes a tenth of the memory.

    Args:
        columns: the cells of each column; all of one length.

    >>> list(Rows({"layer": [1, 2], "sample": [0.5, 0.25]}))
    [{'layer': 1, 'sample': 0.5}, {'layer': 2, 'sample': 0.25}]
    """

    def __init__(self, columns: Mapping[str, Sequence[Cell]]) -> None:
        self.columns = columns

    @classmethod
    def from_rows(cls, rows: Sequence[Row]) -> "Rows":
        """Return rows held by column, from any sequence of mappings with the same keys."""
        if isinstance(rows, Rows):
            return rows
        return cls({name: [row[name] for row in rows] for name in (rows[0] if rows else ())})

    @cached_property
    def labels(self) -> list[tuple[Cell, ...]]:
        """The labels of each row, in the order of their columns."""
        labels = (cells for name, cells in self.columns.items() if name != SAMPLE)
        return list(zip(*labels, strict=True))

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(next(iter(self.columns.values()), ()))

    def __getitem__(self, at: Any) -> Any:  # noqa: ANN401 - of a sequence: a row, or some
        """Return one row, or the rows of a slice."""
        if isinstance(at, slice):
            return [self[place] for place in range(*at.indices(len(self)))]
        return {name: cells[at] for name, cells in self.columns.items()}

    def __iter__(self) -> Iterator[Row]:
        """Go through the rows."""
        return (self[at] for at in range(len(self)))


@dataclass(frozen=True)
class Draw:
    """What one draw measured.

    Attributes:
        values: one number for each quantity, by key.
        tables: rows by the name of their table.
    """

    values: Mapping[str, float]
    tables: Mapping[str, Sequence[Row]] = field(default_factory=dict)


def samples(draws: Draws, table: str) -> dict[tuple[Cell, ...], list[float]]:
    """Gather the samples of rows that have the same labels.

    Args:
        draws: the draws.
        table: name of the table whose rows are gathered.

    Returns:
        For each combination of labels, in the order in which the draws have them, its samples,
        draw by draw. A draw without rows, such as one in which all networks diverged, has none.

    >>> draws = {k: Draw({}, {"sizes": [{"layer": 1, "sample": x}]}) for k, x in enumerate([2, 4])}
    >>> samples(draws, "sizes")
    {(1,): [2.0, 4.0]}
    """
    gathered: dict[tuple[Cell, ...], list[float]] = {}
    for draw in draws.values():
        rows = Rows.from_rows(draw.tables[table])
        for labels, sample in zip(rows.labels, rows.columns.get(SAMPLE, ()), strict=True):
            gathered.setdefault(labels, []).append(float(sample))
    return gathered


def means(draws: Draws, table: str) -> list[dict[str, Cell]]:
    """Average the samples of rows that have the same labels.

    Args:
        draws: the draws.
        table: name of the table whose rows are averaged.

    Returns:
        A row for each combination of labels, in the order in which the draws have them, with
        the columns ``mean`` and ``half_width`` after the labels.

    >>> draws = {k: Draw({}, {"sizes": [{"layer": 1, "sample": x}]}) for k, x in enumerate([2, 4])}
    >>> [row["mean"] for row in means(draws, "sizes")]
    [3.0]
    """
    return _by_labels(draws, table, mean_row)


def finite_means(draws: Draws, table: str) -> list[dict[str, Cell]]:
    """Average the finite samples of rows that have the same labels; count the others.

    As ``means``, with a column ``diverged`` before the mean.
    """
    return _by_labels(draws, table, finite_row)


def pooled(
    draws: Draws,
    exact: Mapping[str, float],
    tables: Mapping[str, Table] | None = None,
) -> Result:
    """Return the numbers of a run.

    Args:
        draws: its draws.
        exact: quantities that no draw touches.
        tables: its tables; if there are none given, the means of all tables of its draws.
    """
    first = next(iter(draws.values()))
    if tables is None:
        tables = {name: means(draws, name) for name in first.tables}
    return Result.from_draws({index: draw.values for index, draw in draws.items()}, tables, exact)


def to_json(draw: Draw) -> dict[str, Any]:
    """Return a draw as JSON holds it: all digits, tables by column."""
    return {
        "values": dict(draw.values),
        "tables": {name: dict(Rows.from_rows(rows).columns) for name, rows in draw.tables.items()},
    }


def from_json(content: Mapping[str, Any]) -> Draw:
    """Return the draw that JSON holds."""
    tables = {name: Rows(columns) for name, columns in content["tables"].items()}
    return Draw(content["values"], tables)


def _by_labels(
    draws: Draws, table: str, row: Callable[..., dict[str, Cell]]
) -> list[dict[str, Cell]]:
    columns = (Rows.from_rows(draw.tables[table]).columns for draw in draws.values())
    names = [name for name in next(filter(None, columns), ()) if name != SAMPLE]
    return [
        row(numbers, **dict(zip(names, labels, strict=True)))
        for labels, numbers in samples(draws, table).items()
    ]
