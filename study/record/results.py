"""The numbers of a run, and the text files that hold them.

A run lives in one folder. ``write_run`` puts the folder in place in one rename, so it is either
whole or not there; what is derived from it later (verdicts, figures) is replaced file by file.
"""

import csv
import json
import re
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from math import inf, isfinite, nan
from pathlib import Path
from typing import Any, TypeAlias, overload

from study.errors import StudyError
from study.record.estimates import Estimate, estimate, exactly, median, rate
from study.record.origins import Origin, origin_from_json

DIGITS = 6
"""Significant digits of every stored number but those that no draw touches, which are stored whole:
their verdict may hang on the seventh."""

PERCENTILE = "percentile."
"""How the key begins of a rate of draws whose number, found under the rest of the key, lies below
the number that a source prints."""

RATES = ("rate.", PERCENTILE)
"""How the key of a quantity begins that is 1 in the draws where something happens, else 0."""

MEDIANS = "median."
"""How the key of a quantity begins of which the median counts and not the mean."""

STEPS = "steps.json"
"""The file that holds the fingerprint of each step that was made with a run, by its name."""

CONTROLS = "controls.json"
"""The file beside a reference that holds what its negative controls have shown."""

JOINED = "joined.json"
"""The file beside the references that says into which published commit another was joined."""

LOOSE = re.compile(r"\.\w[\w.-]*\.(json|csv|txt|svg)\.\w{8}")
"""The name of a file that :func:`write_text` has not put in place yet."""

Cell: TypeAlias = str | int | float
Table: TypeAlias = Sequence[Mapping[str, Cell]]


@dataclass(frozen=True)
class Rows(Sequence[Mapping[str, Cell]]):
    """Rows of the same columns, to be filtered and read by column.

    They are held by column, which takes a tenth of the memory.

    Attributes:
        columns: the cells of each column; all of one length.

    >>> rows = Rows({"arm": ["a", "b", "b"], "layer": [1, 1, 2], "mean": [0.5, 0.25, 0.125]})
    >>> rows[1]
    {'arm': 'b', 'layer': 1, 'mean': 0.25}
    >>> rows.where(arm="b").column("mean")
    [0.25, 0.125]
    """

    columns: Mapping[str, Sequence[Cell]]

    @classmethod
    def from_rows(cls, rows: Table) -> "Rows":
        """Return rows that may be any sequence of mappings with the same keys."""
        if isinstance(rows, Rows):
            return rows
        return cls({name: [row[name] for row in rows] for name in (rows[0] if rows else ())})

    def column(self, name: str) -> list[Any]:
        """Return the cells of a column; none if there are no rows.

        Args:
            name: of the column.

        Raises:
            StudyError: if there are rows, and they have no such column.
        """
        if self and name not in self.columns:
            raise StudyError(f"column {name!r} is unknown; choose from {', '.join(self.columns)}")
        return list(self.columns.get(name, ()))

    def where(self, **labels: Cell) -> "Rows":
        """Return the rows that have some labels; none if there are none to choose from.

        Args:
            labels: what the cells of a row must be, by column.

        Raises:
            StudyError: if there are rows, and none of them has a label.
        """
        rows = self
        for name, label in labels.items():
            cells = rows.column(name)
            places = [at for at, cell in enumerate(cells) if cell == label]
            if cells and not places:
                choices = ", ".join(str(cell) for cell in dict.fromkeys(cells))
                raise StudyError(f"{name} {label!r} is in no row; choose from {choices}")
            rows = rows._at(places)
        return rows

    def without(self, **labels: Cell) -> "Rows":
        """Return the rows that have none of some labels.

        Args:
            labels: what the cells of a row must not be, by column.

        Raises:
            StudyError: if there are rows, and they have no such column.
        """
        rows = self
        for name, label in labels.items():
            rows = rows._at([at for at, cell in enumerate(rows.column(name)) if cell != label])
        return rows

    def groups(self, name: str, first: Iterable[Cell] = ()) -> dict[Any, "Rows"]:
        """Return the rows by what they have in a column.

        Args:
            name: of the column.
            first: the cells whose rows come first, in this order, as far as there are any; those
                of the others follow in theirs.
        """
        places: dict[Cell, list[int]] = {cell: [] for cell in first}
        for at, cell in enumerate(self.column(name)):
            places.setdefault(cell, []).append(at)
        return {cell: self._at(indices) for cell, indices in places.items() if indices}

    def _at(self, places: Sequence[int]) -> "Rows":
        return Rows({name: [cells[at] for at in places] for name, cells in self.columns.items()})

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(next(iter(self.columns.values()), ()))

    @overload
    def __getitem__(self, at: int) -> Mapping[str, Cell]: ...

    @overload
    def __getitem__(self, at: slice) -> "Rows": ...

    def __getitem__(self, at: int | slice) -> "Mapping[str, Cell] | Rows":
        """Return one row, or the rows of a slice."""
        if isinstance(at, slice):
            return self._at(range(*at.indices(len(self))))
        return {name: cells[at] for name, cells in self.columns.items()}

    def __iter__(self) -> Iterator[Mapping[str, Cell]]:
        """Go through the rows."""
        return (self[at] for at in range(len(self)))


NO_ROWS = Rows({})
"""What a table holds that has no file."""


@dataclass(frozen=True)
class Result:
    """The numbers of a run.

    Attributes:
        draws: the indices of the draws made, in order.
        samples: for each quantity, one number per draw, in the order of ``draws``.
        tables: the curves behind the figures; each a sequence of rows with the same columns.
        exact: quantities that no draw touches, such as the mean of the data.

    Raises:
        StudyError: if a quantity does not have one number per draw, or is both sampled and exact.
    """

    draws: tuple[int, ...]
    samples: Mapping[str, Sequence[float]]
    tables: Mapping[str, Table]
    exact: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse samples that do not match the draws, and a quantity given twice."""
        for key, numbers in self.samples.items():
            if len(numbers) != len(self.draws):
                raise StudyError(f"{key}: {len(numbers)} samples for {len(self.draws)} draws")
        for key in self.samples.keys() & self.exact.keys():
            raise StudyError(f"{key}: both sampled and exact")

    @classmethod
    def from_draws(
        cls,
        per_draw: Mapping[int, Mapping[str, float]],
        tables: Mapping[str, Table],
        exact: Mapping[str, float] | None = None,
    ) -> "Result":
        """Return the result of draws that were measured one by one.

        Args:
            per_draw: for each draw, in order, its quantities by key; the same keys for all.
            tables: the curves behind the figures.
            exact: quantities that no draw touches.

        >>> Result.from_draws({0: {"x": 1.0}, 1: {"x": 2.0}}, tables={}).samples
        {'x': [1.0, 2.0]}
        """
        keys = next(iter(per_draw.values()))
        samples = {key: [numbers[key] for numbers in per_draw.values()] for key in keys}
        return cls(tuple(per_draw), samples, tables, exact or {})

    @property
    def values(self) -> dict[str, Estimate]:
        """The estimate of every quantity, from the numbers as they are stored."""
        sampled = {
            key: _estimator(key)([*map(rounded, numbers)]) for key, numbers in self.samples.items()
        }
        return sampled | {key: exactly(float(number)) for key, number in self.exact.items()}


def _estimator(key: str) -> Callable[[Sequence[float]], Estimate]:
    if key.startswith(RATES):
        return rate
    return median if key.startswith(MEDIANS) else estimate


@dataclass(frozen=True)
class Run:
    """A finished run, read back from its folder.

    Attributes:
        folder: where it lies.
        settings: the content of ``config.json``.
        values: the estimates, by key.
        tables: the rows of each table, by name; a table without rows is not among them.
        provenance: how and with what it was made.
    """

    folder: Path
    settings: Mapping[str, Any]
    values: Mapping[str, Estimate]
    tables: Mapping[str, Rows]
    provenance: Mapping[str, Any]

    @property
    def data(self) -> str:
        """Name of the data set."""
        return str(self.provenance["data"]["name"])

    @cached_property
    def commit(self) -> str:
        """The commit that it was made from, or the published one that this was joined into."""
        made_from = str(self.provenance["commit"])
        return _joined(self.folder.parents[1] / JOINED).get(made_from, made_from)

    @property
    def is_joined(self) -> bool:
        """Whether the commit that it was made from was joined into another."""
        return self.commit != str(self.provenance["commit"])

    @cached_property
    def figures(self) -> dict[str, str]:
        """The figures drawn, by name, each with its alternative text."""
        files = sorted((self.folder / "figures").glob("*.txt"))
        return {path.stem: path.read_text(encoding="utf-8").strip() for path in files}

    @cached_property
    def judgements(self) -> list[dict[str, Any]]:
        """The claims with their estimates and verdicts, as judged when first asked for.

        Raises:
            StudyError: if the run was interrupted before it was judged.
        """
        path = self.folder / "claims.json"
        if not path.is_file():
            raise StudyError(f"{self.folder}: not judged yet; draw {self.folder.name} does that")
        return list(_read_json(path))

    @cached_property
    def origins(self) -> dict[str, Origin]:
        """Where its claims come from, by id; none of a run that the history does not know."""
        path = self.folder / "origins.json"
        if not path.is_file():
            return {}
        return {claim: origin_from_json(origin) for claim, origin in _read_json(path).items()}

    def exploratory(self, claim: str) -> bool:
        """Tell whether numbers of a claim are known to precede its last change."""
        return claim in self.origins and self.origins[claim].exploratory


def images(run: Run) -> str:
    """Return the name of the images that a run saw, its data's unless its settings name others."""
    return str(run.settings.get("experiment", {}).get("data_set", run.data))


def mean_row(samples: Sequence[float], **labels: Cell) -> dict[str, Cell]:
    """Return a row of a table: labels, and a mean over draws with its half width.

    >>> mean_row([2.0, 2.0], layer=1)
    {'layer': 1, 'mean': 2.0, 'half_width': 0.0}
    """
    value = estimate(samples)
    return {**labels, "mean": value.mean, "half_width": value.half_width}


def finite_row(samples: Sequence[float], **labels: Cell) -> dict[str, Cell]:
    """Return a row of a table whose mean is over the draws that gave a finite number.

    >>> finite_row([2.0, nan, 2.0], learning_rate=0.1)
    {'learning_rate': 0.1, 'diverged': 1, 'mean': 2.0, 'half_width': 0.0}
    """
    finite = [sample for sample in samples if isfinite(sample)]
    return mean_row(finite, **labels, diverged=len(samples) - len(finite))


def rounded(number: float) -> float:
    """Round to the digits that are stored.

    >>> rounded(0.12345678)
    0.123457
    """
    return float(f"{number:.{DIGITS}g}")


def write_run(  # noqa: PLR0913, PLR0917 - the parts of a run
    folder: Path,
    settings: object,
    result: Result,
    provenance: object,
    replay: Result | None = None,
    steps: Mapping[str, str] | None = None,
) -> None:
    """Write a run; its folder appears, or replaces an older one, as a whole.

    The samples are rounded first and the values computed from what is stored, so that anyone
    can compute them again from the file.

    Args:
        folder: where the run is to lie.
        settings: what to store in ``config.json``.
        result: the numbers.
        provenance: what to store in ``provenance.json``.
        replay: a few draws with brief settings, to be made again elsewhere.
        steps: fingerprints of what has been done with it, by the name of the step.
    """
    with replacing_folder(folder) as draft:
        write_json(draft / "config.json", settings)
        write_json(draft / "provenance.json", provenance)
        _write_table(draft / "samples.csv", _samples(result))
        if replay:
            _write_table(draft / "replay.csv", _samples(replay))
        for name, table in result.tables.items():
            _write_table(draft / f"{name}.csv", table)
        values = {key: estimate_to_json(value) for key, value in result.values.items()}
        write_json(draft / "values.json", values)
        if steps:
            write_json(draft / STEPS, steps)


def read_run(folder: Path) -> Run:
    """Read a run back.

    Args:
        folder: where it lies.

    Returns:
        The run.

    Raises:
        StudyError: if there is no finished run.
    """
    run = read_if_there(folder)
    if run is None:
        raise StudyError(f"{folder}: no finished run here")
    return run


def read_if_there(folder: Path) -> Run | None:
    """Return the run in a folder, or None if there is none."""
    if not (folder / "provenance.json").is_file():
        return None
    values = _read_json(folder / "values.json")
    files = sorted(folder.glob("*.csv"))
    tables = (path for path in files if path.stem not in {"samples", "replay"})
    return Run(
        folder=folder,
        settings=_read_json(folder / "config.json"),
        values={key: estimate_from_json(value) for key, value in values.items()},
        tables={path.stem: read_table(path) for path in tables},
        provenance=_read_json(folder / "provenance.json"),
    )


def estimate_to_json(value: Estimate) -> dict[str, float | int | None]:
    """Return an estimate as JSON holds it: null for what is not finite, all digits if exact."""
    numbers = (value.mean, 0.0) if value.exact else map(rounded, (value.mean, value.half_width))
    mean, half_width = (x if isfinite(x) else None for x in numbers)
    return {"mean": mean, "half_width": half_width, "draws": value.draws}


def estimate_from_json(value: Mapping[str, Any]) -> Estimate:
    """Return the estimate that JSON holds; an absent half width is an unbounded interval."""
    mean, half_width = value["mean"], value["half_width"]
    return Estimate(
        nan if mean is None else mean, inf if half_width is None else half_width, value["draws"]
    )


def read_table(path: Path) -> Rows:
    """Read a CSV file, numbers as numbers."""
    with path.open(encoding="utf-8", newline="") as file:
        names, *lines = csv.reader(file)
    return Rows({name: [_cell(line[at]) for line in lines] for at, name in enumerate(names)})


def write_json(path: Path, content: object) -> None:
    """Write JSON with sorted keys, in one rename."""
    text = json.dumps(content, indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False)
    write_text(path, text + "\n")


def write_text(path: Path, text: str) -> None:
    """Write a text file, in one rename."""
    with tempfile.NamedTemporaryFile(
        "w", dir=path.parent, prefix=f".{path.name}.", delete=False, encoding="utf-8", newline=""
    ) as file:
        draft = Path(file.name)
        file.write(text)
    draft.chmod(0o644)
    draft.replace(path)


@contextmanager
def replacing_folder(folder: Path) -> Iterator[Path]:
    """Give an empty folder that takes the place of another when the block ends well.

    Args:
        folder: the folder to make or to replace.

    Yields:
        The folder to fill; it is removed if the block fails.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}.") as scratch:
        draft, old = Path(scratch, "new"), Path(scratch, "old")
        draft.mkdir()
        yield draft
        if folder.exists():
            folder.rename(old)
        try:
            draft.rename(folder)
        except BaseException:
            if old.exists():
                old.rename(folder)
            raise


def recover(folder: Path) -> None:
    """Put back a run that was moved aside when its replacement was interrupted; tidy up after it.

    Args:
        folder: of the run; whoever calls is alone in the folder that holds it.
    """
    for scratch in folder.parent.glob(f".{folder.name}.*"):
        if (scratch / "old").is_dir() and not folder.exists():
            (scratch / "old").rename(folder)
        shutil.rmtree(scratch, ignore_errors=True)
    for inner in (folder, folder / "figures"):
        tidy(inner)


def tidy(folder: Path) -> None:
    """Remove the files that an interrupted :func:`write_text` has left in a folder."""
    for leftover in folder.glob(".*.*.*"):
        if LOOSE.fullmatch(leftover.name) and leftover.is_file():
            leftover.unlink()


def copy_run(source: Path, target: Path) -> None:
    """Copy the folder of a run, but for what was done with it; the copy appears as a whole.

    The controls in the target stay: they do not depend on the run.
    """
    with replacing_folder(target) as draft:
        shutil.copytree(source, draft, dirs_exist_ok=True, ignore=shutil.ignore_patterns(STEPS))
        if (target / CONTROLS).is_file():
            shutil.copy2(target / CONTROLS, draft / CONTROLS)


def _samples(result: Result) -> Table:
    return [
        {"draw": draw} | {key: rounded(numbers[at]) for key, numbers in result.samples.items()}
        for at, draw in enumerate(result.draws)
    ]


def _write_table(path: Path, rows: Table) -> None:
    """Write the rows of a table, if it has any: without one it has no columns either."""
    if not rows:
        return
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        for row in rows:
            writer.writerow({key: _text(cell) for key, cell in row.items()})


def _text(cell: Cell) -> str:
    return f"{cell:.{DIGITS}g}" if isinstance(cell, float) else str(cell)


def _cell(text: str) -> Cell:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            pass
    return text


def read_json(path: Path, absent: Any) -> Any:  # noqa: ANN401 - JSON holds anything
    """Return what a JSON file holds, or something else if it is not there or not whole."""
    try:
        return _read_json(path)
    except (OSError, ValueError):
        return absent


def _joined(path: Path) -> dict[str, str]:
    """Return the published commits by those that were joined into them."""
    return _read_json(path) if path.is_file() else {}


def _read_json(path: Path) -> Any:  # noqa: ANN401 - JSON holds anything
    return json.loads(path.read_text(encoding="utf-8"))
