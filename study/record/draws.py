"""One draw of an experiment, and how many draws become the numbers of a run.

A draw measures quantities, one number each, and rows of tables: labels, and a number under
``sample``. The numbers of a quantity are its samples; rows of the same labels, one or more from
each draw, become one row with their mean and its half width.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from study.record.results import Cell, Result, Rows, Table, finite_row, mean_row

SAMPLE = "sample"
"""The column that holds the number of a row; all others are labels."""

Row: TypeAlias = Mapping[str, Cell]
Draws: TypeAlias = "Mapping[int, Draw]"
"""The draws of a run by their index, in order."""


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
    numbers: dict[tuple[Cell, ...], list[float]] = {}
    for draw in draws.values():
        rows = Rows.from_rows(draw.tables[table])
        labels_of_rows = zip(*(rows.column(name) for name in _labels(rows)), strict=True)
        for labels, sample in zip(labels_of_rows, rows.column(SAMPLE), strict=True):
            numbers.setdefault(labels, []).append(float(sample))
    return numbers


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


def draw_to_json(draw: Draw) -> dict[str, Any]:
    """Return a draw as JSON holds it: all digits, tables by column."""
    return {
        "values": dict(draw.values),
        "tables": {name: dict(Rows.from_rows(rows).columns) for name, rows in draw.tables.items()},
    }


def draw_from_json(content: Mapping[str, Any]) -> Draw:
    """Return the draw that JSON holds."""
    tables = {name: Rows(columns) for name, columns in content["tables"].items()}
    return Draw(content["values"], tables)


def _labels(rows: Rows) -> list[str]:
    return [name for name in rows.columns if name != SAMPLE]


def _by_labels(
    draws: Draws, table: str, row: Callable[..., dict[str, Cell]]
) -> list[dict[str, Cell]]:
    with_rows = (rows for draw in draws.values() if (rows := Rows.from_rows(draw.tables[table])))
    names = _labels(next(with_rows, Rows({})))
    return [
        row(numbers, **dict(zip(names, labels, strict=True)))
        for labels, numbers in samples(draws, table).items()
    ]
