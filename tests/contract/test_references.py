"""What is committed is what the code of today says of it, and can be made again."""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
import torch
from omegaconf import OmegaConf

from study import catalogue, configuring, steps
from study.lab import mnist
from study.record.comparison import REFERENCE_DATA
from study.record.plotting import alternative_text
from study.record.results import (
    Result,
    Run,
    estimate_from_json,
    estimate_to_json,
    read_run,
    read_table,
)
from tests.subjects import subjects

REFERENCE = configuring.CONF.parent / "outputs" / "reference"
NAMES = [n for n in subjects() if (REFERENCE / catalogue.place(n) / "provenance.json").is_file()]


ROUNDING_GROWS = {
    "deep_training": r"\.he_relu",  # of a thousand ReLU layers in one direction
    "equal_units_training": r"log10_unit_difference",  # is itself made by rounding
    "he_convolution_training": r"he_thirty",  # a count of images, one of them at the border
    "he_depth_accuracy": r"pixels",  # two learning rates do nearly as well as each other
    "weight_laws": r"deep",  # five hundred updates from weights ten times too large
}
"""Which quantities another processor's rounding moves as another draw would, and why."""


def folder(name: str) -> Path:
    return REFERENCE / catalogue.place(name)


def committed(name: str, file: str) -> Any:  # noqa: ANN401 - JSON holds anything
    return json.loads((folder(name) / file).read_text(encoding="utf-8"))


def committed_samples(name: str, file: str = "samples.csv") -> Sequence[Mapping[str, Any]]:
    return read_table(folder(name) / file)


def configured(name: str, *scales: str) -> Any:  # noqa: ANN401 - of any experiment
    settings = configuring.plain_settings(name, *scales)
    return configuring.checked(catalogue.load(name).config, settings)


def offenders(check: Callable[[str], Iterator[str]]) -> list[str]:
    """Let a rule look at every reference, and list what it finds."""
    return [f"{name}: {offender}" for name in NAMES for offender in check(name)]


def test_every_reference_belongs_to_an_experiment() -> None:
    folders = [path.parent.name for path in REFERENCE.rglob("provenance.json")]
    assert set(folders) <= set(catalogue.names())


def test_references_were_made_with_the_settings_of_the_yaml_files() -> None:
    def other(name: str) -> Iterator[str]:
        settings = committed(name, "config.json")
        config = asdict(configured(name, "reference"))
        if settings["experiment"] != configuring.as_json({"name": name, **config}):
            yield "other settings"
        if settings["scale"] != "reference":
            yield settings["scale"]

    assert offenders(other) == []


def test_references_were_made_from_a_commit_on_the_full_data() -> None:
    def otherwise(name: str) -> Iterator[str]:
        made = committed(name, "provenance.json")
        if made["data"]["name"] != REFERENCE_DATA:
            yield made["data"]["name"]
        if made["dirty"] is not False or not re.fullmatch(r"[0-9a-f]{40}", made["commit"]):
            yield f"commit {made['commit']}, dirty {made['dirty']}"

    assert offenders(otherwise) == []


def test_values_are_those_of_the_samples() -> None:
    def other(name: str) -> Iterator[str]:
        rows = committed_samples(name)
        draws = configured(name, "reference").draws
        if [row["draw"] for row in rows] != list(range(draws)):
            yield "other draws"
            return
        stored = committed(name, "values.json")
        exact = {k: x["mean"] for k, x in stored.items() if estimate_from_json(x).exact}
        samples = {key: [float(row[key]) for row in rows] for key in rows[0] if key != "draw"}
        again = Result(tuple(range(draws)), samples, {}, exact).values
        made = {key: estimate_to_json(value) for key, value in again.items()}
        yield from (key for key in stored.keys() | made.keys() if stored.get(key) != made.get(key))

    assert offenders(other) == []


def differing(stored: object, again: object, path: str = "") -> list[str]:
    """Name what differs but for the last digits of a number, which are the processor's."""
    if isinstance(stored, dict) and isinstance(again, dict) and set(stored) == set(again):
        return [
            one for key in stored for one in differing(stored[key], again[key], f"{path}.{key}")
        ]
    if isinstance(stored, list) and isinstance(again, list) and len(stored) == len(again):
        pairs = enumerate(zip(stored, again, strict=True))
        return [one for at, pair in pairs for one in differing(*pair, f"{path}.{at}")]
    if isinstance(stored, float) and isinstance(again, float):
        return [] if again == pytest.approx(stored, rel=1e-9, abs=1e-12) else [path]
    return [] if stored == again else [path]


def test_verdicts_are_those_of_the_values() -> None:
    def other(name: str) -> Iterator[str]:
        run, experiment = read_run(folder(name)), catalogue.load(name)
        again = steps.judgements(experiment.claims, run.values, run.data, experiment.untested)
        yield from differing(committed(name, "claims.json"), configuring.as_json(again))

    assert offenders(other) == []


def test_figures_are_those_of_the_experiments() -> None:
    def other(name: str) -> Iterator[str]:
        figures = catalogue.load(name).figures
        told = {figure.__name__: alternative_text(figure) for figure in figures}
        if (found := read_run(folder(name)).figures) != told:
            yield f"{found}, not {told}"
        drawn = {file.name for file in (folder(name) / "figures").glob("*.svg")}
        wanted = {f"{figure}.svg" for figure in told}
        yield from drawn ^ wanted

    assert offenders(other) == []


def test_tables_are_small_enough_to_be_read_on_a_page() -> None:
    # The numbers of single draws are fetched, and no page shows them.
    tables = (path for path in REFERENCE.rglob("*.csv") if path.stem != "samples")
    large = [path for path in tables if path.stat().st_size >= 200_000]
    assert [str(path.relative_to(REFERENCE)) for path in large] == []


# Draws made again --------------------------------------------------------------------------------


@pytest.mark.mnist
@pytest.mark.parametrize("name", NAMES)
def test_the_first_draw_of_the_reference_can_be_made_again(
    name: str, data_set: Callable[[str], mnist.Mnist]
) -> None:
    compare_draws(name, data_set(REFERENCE_DATA), 1)


@pytest.mark.full
@pytest.mark.mnist
@pytest.mark.parametrize("name", NAMES)
def test_the_first_draws_of_the_reference_can_be_made_again(
    name: str, data_set: Callable[[str], mnist.Mnist]
) -> None:
    compare_draws(name, data_set(REFERENCE_DATA), 2)


def elsewhere(name: str) -> bool:
    """Tell whether a reference was made by a processor with other instructions than this one."""
    made_with = committed(name, "provenance.json")["cpu_capability"]
    return bool(made_with != torch.backends.cpu.get_cpu_capability())


def grows(name: str, key: str) -> bool:
    """Tell whether rounding decides a quantity."""
    return name in ROUNDING_GROWS and bool(re.search(ROUNDING_GROWS[name], key))


@pytest.mark.parametrize("name", [name for name in ROUNDING_GROWS if name in NAMES])
def test_rounding_decides_no_more_than_a_part_of_an_experiment(name: str) -> None:
    keys = list(committed_samples(name)[0])
    growing = [key for key in keys if grows(name, key)]
    assert 0 < len(growing) < len(keys) - 1


def compare_draws(name: str, data: mnist.Mnist, count: int) -> None:
    """Make the first draws of a reference again, of a long training some updates only."""
    assert committed(name, "config.json")["data"]["pixel_scale"] == 256.0
    assert data.checksum == committed(name, "provenance.json")["data"]["checksum"]
    config = configured(name, "reference", "brief")
    again = catalogue.load(name).run(config, data, range(count))
    # Of a long training only some updates are made again: rounding grows with each.
    brief = "brief" in OmegaConf.load(configuring.yaml(name))
    stored = committed_samples(name, "replay.csv" if brief else "samples.csv")[:count]
    assert [row["draw"] for row in stored] == list(range(count))
    kept_keys = [key for key in again.samples if not (elsewhere(name) and grows(name, key))]
    for at, row in enumerate(stored):
        for key in kept_keys:
            # Another processor sums in another order. In float32 that moves a sum of n products by
            # about sqrt(n) * 6e-8, 2e-6 for n = 1,000, and some tens of layers move it on by no
            # more than fifty times that; six stored digits are finer. Another draw of the weights
            # moves it by a hundred times as much.
            # What is smaller than a millionth is a rounding error as such.
            number = again.samples[key][at]
            assert number == pytest.approx(row[key], rel=1e-4, abs=1e-6, nan_ok=True), key
    if brief:
        return  # what no draw touches may depend on the length
    values: Run = read_run(folder(name))
    for key, number in again.exact.items():
        assert number == pytest.approx(values.values[key].mean, rel=1e-4, abs=1e-6), key
