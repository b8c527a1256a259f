"""What a trial found, for the terminal and as rows."""

from collections.abc import Iterator, Mapping
from dataclasses import astuple
from math import isfinite

from rich.box import SIMPLE
from rich.table import Table

from study.record.estimates import formatted
from study.trying.advising import fitting
from study.trying.endings import FORMATS, Growth, ending
from study.trying.recording import LayerRecord
from study.trying.trial import Layer, Trial

COLUMNS = (
    "draw", "layer", "kind", "rms", "gradient", "dead_in", "dead_out", "cosine",
    "torch_fan_in", "torch_fan_out", "terms_in", "terms_out",
)  # fmt: skip
"""Of ``try.csv``."""


def parts(trial: Trial, verdicts: Mapping[str, str]) -> Iterator[Table | str]:
    """Yield what to print.

    Args:
        trial: all draws.
        verdicts: of the study's claims, by id.
    """
    yield _headline(trial)
    yield layers(trial)
    yield from notes(trial)
    yield endings(trial)
    if any(trial.growths):
        yield _rates(trial)
    yield claims(trial, verdicts)


def rows(trial: Trial) -> Iterator[dict[str, object]]:
    """Yield a row of ``try.csv`` for each layer of each draw, by the names of :data:`COLUMNS`."""
    for draw, passes in enumerate(trial.draws):
        for record in passes.records:
            cells = (draw, record.name, record.kind, *_measured(record), *_counts(record))
            yield dict(zip(COLUMNS, cells, strict=True))


def layers(trial: Trial) -> Table:
    """Return a table with a row for each layer, in the order of the calls."""
    numbers = ("rms", "gradient", "dead in", "dead out", "cosine")
    counts = ("fan_in", "fan_out", "terms in", "terms out")
    table = Table("layer", "kind", *numbers, *counts, box=SIMPLE, pad_edge=False)
    for column in table.columns[2:]:
        column.justify = "right"
    for layer in trial.layers:
        table.add_row(layer.first.name or "network", layer.first.kind, *_numbers(layer))
    return table


def notes(trial: Trial) -> Iterator[str]:
    """Yield what is odd about a network, a line each."""
    for layer in trial.layers:
        if not isfinite(layer.rms):
            yield f"{layer.first.name} ({layer.first.kind}) is the first whose output is not finite"
            break
        if layer.rms == 0:
            yield f"{layer.first.name} ({layer.first.kind}) is the first whose output is 0"
            break
    frozen, count = trial.frozen
    if frozen:
        yield f"{frozen} of {count} parameters are frozen; gradients pass them and leave them"
    sizes = {tuple(record.rms for record in draw.records) for draw in trial.draws}
    if len(trial.draws) > 1 and len(sizes) == 1 and all(map(isfinite, next(iter(sizes)))):
        yield "all draws are the same: the factory sets a seed, or draws nothing"
    if len({len(draw.records) for draw in trial.draws}) > 1:
        yield "the draws do not call the same layers; shown are those of the first"


def endings(trial: Trial) -> Table:
    """Return a table of where each number format ends, on the way up and on the way down."""
    table = Table("format", "signal ends", "gradient ends", box=SIMPLE, pad_edge=False)
    for number_format in FORMATS:
        table.add_row(number_format, *(told(line, number_format) for line in trial.growths))
    return table


def told(line: Growth | None, number_format: str) -> str:
    """Say where a pass leaves a number format.

    Args:
        line: the growth of the pass; None where it was not measured.
        number_format: of the study's.
    """
    if line is None:
        return "too few layers to tell"
    end = ending(line, number_format)
    if end is None:
        return "not within this network"
    way = "overflows" if end.is_overflow else "underflows"
    place = f"{way} at layer {end.layer}"
    return place if end.layer <= line.layers else f"not within this network: {place}"


def claims(trial: Trial, verdicts: Mapping[str, str]) -> Table:
    """Return a table of the claims that speak to a network.

    Args:
        trial: all draws.
        verdicts: by id of the claim.
    """
    table = Table("it has", "advice", "claim", "verdict", box=SIMPLE, pad_edge=False)
    is_own = trial.options.init is None
    for advice in fitting(trial.draws[0].kinds, len(trial.weighted), is_own=is_own):
        subject, page = advice.subject, f"{advice.page}.html"
        for claim in advice.claims:
            table.add_row(subject, page, f"c/{claim}/", verdicts.get(claim, "-"))
            subject = page = ""
    return table


def _headline(trial: Trial) -> str:
    options, shape = trial.options, " × ".join(map(str, trial.batch.inputs.shape))
    if options.init is not None:
        init = f"initialisation {options.init}"
    else:
        init = "reset_parameters of its modules" if trial.is_reset else "its own initialisation"
    count = len(trial.draws)
    return (
        f"{options.factory}: {count} draw{'s' * (count > 1)}, {init}; "
        f"data {trial.batch.description}, {shape}; gradient {trial.draws[0].loss}"
    )


def _rates(trial: Trial) -> str:
    forward, backward = (
        "not measured" if line is None else formatted(line.rate) for line in trial.growths
    )
    return f"binary logarithm of the size, added by a layer: signal {forward}, gradient {backward}"


def _numbers(layer: Layer) -> tuple[str, ...]:
    return (*map(_short, _measured(layer)), *map(_count, _counts(layer.first)))


def _measured(row: Layer | LayerRecord) -> tuple[float, ...]:
    return row.rms, row.gradient, row.dead_in, row.dead_out, row.cosine


def _counts(record: LayerRecord) -> tuple[float | None, ...]:
    """Return the four fans of a layer, or four times nothing."""
    return (None,) * 4 if record.fans is None else astuple(record.fans)


def _short(number: float) -> str:
    return f"{number:.3g}" if isfinite(number) else "-"


def _count(number: float | None) -> str:
    return "-" if number is None else f"{number:.5g}"
