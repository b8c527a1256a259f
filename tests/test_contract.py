"""What every experiment keeps to; a new one is tested here without an edit."""

import json
import random
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, FrozenInstanceError, asdict, fields, is_dataclass
from importlib import import_module
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from omegaconf import OmegaConf

from study import catalogue, configuring, steps
from study.lab import mnist
from study.record.claims import Claim, Untested, Verdict, judge
from study.record.comparison import DECIDED, REFERENCE_DATA
from study.record.draws import to_json
from study.record.estimates import Estimate
from study.record.experiment import METHOD
from study.record.plotting import alternative_text
from study.record.results import (
    Result,
    estimate_from_json,
    estimate_to_json,
    read_run,
    read_table,
    write_run,
)
from study.record.store import Maker, Store

DataSet = Callable[[str], mnist.Mnist]
SmallResult = Callable[[str, tuple[int, ...]], Result]

NAMES = catalogue.names()
REFERENCE = Path(catalogue.__file__).parents[1] / "outputs" / "reference"
SETTINGS = configuring.CONF / "experiment"
STAND_IN = "mnist_5k"
MAKER = Maker(commit="", dirty=False, cpu_capability="")
IDS = Path(__file__).with_name("claim_ids.txt")
"""The id of every statement: whoever cites one has to find it."""

every_experiment = pytest.mark.parametrize("name", NAMES)
every_claim = pytest.mark.parametrize(
    ("name", "claim"),
    [
        pytest.param(
            name,
            claim,
            id=claim.id,
            marks=[pytest.mark.mnist] if claim.data == REFERENCE_DATA else [],
        )
        for name in NAMES
        for claim in catalogue.load(name).claims
    ],
)
UNTESTED = [statement for name in NAMES for statement in catalogue.load(name).untested]
every_untested = pytest.mark.parametrize(
    "statement",
    UNTESTED or [pytest.param(None, marks=pytest.mark.skip(reason="every statement is tested"))],
    ids=[statement.id for statement in UNTESTED] or ["none"],
)
every_reference = pytest.mark.parametrize(
    "name",
    [name for name in NAMES if (REFERENCE / catalogue.place(name)).is_dir()]
    or [pytest.param("none", marks=pytest.mark.skip(reason="no reference is committed"))],
)


def configured(name: str, *scales: str, **changes: object) -> Any:  # noqa: ANN401 - of any experiment
    settings = configuring.plain_settings(name, *scales)
    return configuring.checked(catalogue.load(name).config, settings | changes)


# Names and settings ------------------------------------------------------------------------------


def test_the_same_tree_stands_in_every_folder() -> None:
    places = sorted(map(catalogue.place, NAMES))
    root = SETTINGS.parents[1]
    found = {
        "settings": {path.with_suffix("") for path in SETTINGS.rglob("*.yaml")},
        "reference": {path.parent for path in REFERENCE.rglob("config.json")},
        "tests": {
            path.with_name(path.stem.removeprefix("test_"))
            for path in (root / "tests" / "experiments").glob("*/test_*.py")
            if path.stem.removeprefix("test_") in NAMES
        },
    }
    for tree, paths in found.items():
        assert sorted("/".join(path.parts[-2:]) for path in paths) == places, tree


def test_an_experiment_is_three_files_and_what_it_says_of_itself() -> None:
    for name in NAMES:
        folder = catalogue.FOLDER / catalogue.place(name)
        assert {path.name for path in folder.glob("*.py")} == {
            "__init__.py",
            "method.py",
            "claims.py",
            "figures.py",
        }, name


def test_no_claim_comes_or_goes_unnoticed() -> None:
    ids = [claim.id for name in NAMES for claim in catalogue.load(name).claims]
    ids += [statement.id for statement in UNTESTED]
    assert sorted(ids) == IDS.read_text(encoding="utf-8").split()


@every_experiment
def test_the_stem_is_snake_case(name: str) -> None:
    assert re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", name)


@every_experiment
def test_the_settings_are_a_dataclass_without_defaults_that_counts_its_draws(name: str) -> None:
    config = catalogue.load(name).config
    assert is_dataclass(config)
    assert "draws" in {field.name for field in fields(config)}
    for field in fields(config):
        assert field.default is MISSING, field.name
        assert field.default_factory is MISSING, field.name


@every_experiment
def test_the_settings_are_frozen(name: str) -> None:
    config = configured(name, "quick")
    with pytest.raises(FrozenInstanceError):
        config.draws = 1


@every_experiment
def test_the_yaml_file_holds_every_field_and_its_blocks_only(name: str) -> None:
    file = OmegaConf.to_container(OmegaConf.load(configuring.yaml(name)))
    assert isinstance(file, dict)
    asked = {field.name for field in fields(catalogue.load(name).config)}
    blocks = set(configuring.BLOCKS) & set(file)
    assert set(file) == asked | blocks
    assert "quick" in blocks
    for block in blocks:
        assert set(file[block]) <= asked
        assert {key: file[key] for key in file[block]} != file[block], f"{block} changes nothing"


@every_experiment
@pytest.mark.parametrize("scale", ["reference", "quick", "paper", "brief"])
def test_the_settings_are_good_at_both_scales(name: str, scale: str) -> None:
    assert configured(name, scale).draws >= 2  # one draw has no interval


@every_experiment
def test_the_method_is_defined_where_the_fingerprint_starts(name: str) -> None:
    module = import_module(catalogue.module(name))
    package = import_module(module.__package__ or "")
    assert (package.__doc__ or "").strip()
    for part in METHOD:
        function = getattr(module, part, None)
        assert function is None or function.__module__ == module.__name__, part


# Claims ------------------------------------------------------------------------------------------


def test_no_two_claims_share_an_id() -> None:
    ids = [claim.id for name in NAMES for claim in catalogue.load(name).claims]
    ids += [statement.id for statement in UNTESTED]
    assert len(set(ids)) == len(ids)


@every_experiment
def test_an_experiment_claims_something(name: str) -> None:
    assert catalogue.load(name).claims


@every_claim
def test_a_claim_says_all_that_a_reader_needs(name: str, claim: Claim) -> None:
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)+", claim.id), name
    for text in (
        claim.statement,
        claim.source.locator,
        claim.quantity,
        claim.reason,
        claim.departure,
        claim.remark,
        claim.fault.description,
    ):
        assert text.strip(), claim
    assert claim.statement.endswith(".")
    assert claim.fault.overrides
    assert claim.data in {None, REFERENCE_DATA, STAND_IN}


@every_untested
def test_an_untested_statement_says_why(statement: Untested) -> None:
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)+", statement.id)
    for text in (
        statement.statement,
        statement.source.locator,
        statement.reason,
        statement.remark,
    ):
        assert text.strip().endswith((".", "”")) or text == statement.source.locator, text


@every_claim
def test_the_band_is_about_the_prediction(name: str, claim: Claim) -> None:
    assert isfinite(claim.prediction), name
    assert claim.band.low <= claim.prediction <= claim.band.high


@every_claim
def test_the_quantity_of_a_claim_is_measured(
    name: str, claim: Claim, small_result: SmallResult
) -> None:
    assert claim.quantity in small_result(name, (0, 1, 2)).values


@every_claim
def test_one_draw_decides_nothing(name: str, claim: Claim, small_result: SmallResult) -> None:
    values = small_result(name, (2,)).values
    if values[claim.quantity].exact:
        return  # no draw touches it
    verdict = judge(claim, values, claim.data or STAND_IN)
    assert verdict in {Verdict.INCONCLUSIVE, Verdict.NOT_TESTED}


# Runs --------------------------------------------------------------------------------------------


@every_experiment
@pytest.mark.parametrize("draws", [(0, 1, 2), (2,), (1, 0)], ids=str)
def test_a_draw_is_the_same_whatever_draws_are_made(
    name: str,
    draws: tuple[int, ...],
    small_result: SmallResult,
    embedded: mnist.Mnist,
) -> None:
    whole = small_result(name, (0, 1, 2))
    part = catalogue.load(name).run(configured(name, "quick", "brief", draws=3), embedded, draws)
    assert part.draws == draws
    assert set(part.samples) == set(whole.samples)
    assert part.exact == whole.exact
    for key, numbers in whole.samples.items():
        np.testing.assert_array_equal(part.samples[key], [numbers[draw] for draw in draws])
    if draws == whole.draws:
        assert part.tables == whole.tables


@every_experiment
def test_a_draw_that_was_stored_makes_the_same_run(
    name: str, small_result: SmallResult, embedded: mnist.Mnist, tmp_path: Path
) -> None:
    method, store = catalogue.load(name).method, Store(tmp_path)
    config = configured(name, "quick", "brief", draws=3)
    inputs = method.prepare(config, embedded)
    choice = method.chosen(config, inputs)
    for draw in (2, 0, 1):
        made = method.measure(config, inputs, draw, *choice)
        store.keep(draw, json.dumps(to_json(made)), 0.0, 0, MAKER)
    exact = method.numbers(config, inputs, choice)
    again = method.pool(config, store.draws(range(3)), exact, choice)
    whole = small_result(name, (0, 1, 2))
    for key, numbers in whole.samples.items():
        np.testing.assert_array_equal(again.samples[key], numbers)
    assert {key: list(table) for key, table in again.tables.items()} == {
        key: list(table) for key, table in whole.tables.items()
    }


@every_experiment
def test_draws_differ(name: str, small_result: SmallResult) -> None:
    samples = small_result(name, (0, 1, 2)).samples
    assert any(len(set(numbers)) == 3 for numbers in samples.values())


@every_experiment
def test_the_number_of_draws_set_is_the_callers_affair(
    name: str, small_result: SmallResult, embedded: mnist.Mnist
) -> None:
    more = catalogue.load(name).run(
        configured(name, "quick", "brief", draws=50), embedded, iter([0])
    )
    once = small_result(name, (0, 1, 2))
    for key, numbers in more.samples.items():
        np.testing.assert_array_equal(numbers, once.samples[key][:1])


@every_experiment
def test_a_run_leaves_the_global_generators_alone(
    name: str, small_result: SmallResult, embedded: mnist.Mnist
) -> None:
    def states() -> list[str]:
        numpy_state = np.random.get_state()  # noqa: NPY002 - it must stay untouched
        return [str(torch.get_rng_state().tolist()), str(numpy_state), str(random.getstate())]

    expected = small_result(name, (0, 1, 2))
    before = states()
    result = catalogue.load(name).run(configured(name, "quick", "brief", draws=3), embedded, [0])
    assert states() == before
    for key, numbers in result.samples.items():
        np.testing.assert_array_equal(numbers, expected.samples[key][:1])


@every_experiment
def test_a_run_leaves_the_data_alone(name: str) -> None:
    data = mnist.load(mnist.find(STAND_IN), 256.0, torch.device("cpu"))
    before = [split.images.clone() for split in (data.train, data.validation, data.test)]
    catalogue.load(name).run(configured(name, "quick", "brief", draws=1), data, [0])
    after = [split.images for split in (data.train, data.validation, data.test)]
    assert all(map(torch.equal, before, after))


@every_experiment
def test_numbers_are_plain_and_tables_even(name: str, small_result: SmallResult) -> None:
    result = small_result(name, (0, 1, 2))
    assert {type(x) for numbers in result.samples.values() for x in numbers} <= {int, float}
    assert {type(x) for x in result.exact.values()} <= {int, float}
    for table in result.tables.values():
        assert len({tuple(row) for row in table}) == 1
        assert {type(cell) for row in table for cell in row.values()} <= {str, int, float}


# Figures -----------------------------------------------------------------------------------------


@every_experiment
def test_figures_say_in_words_what_they_show(name: str) -> None:
    figures = catalogue.load(name).figures
    assert len({figure.__name__ for figure in figures}) == len(figures)
    for figure in figures:
        text = alternative_text(figure)
        assert 20 < len(text) < 120
        assert text.endswith(".")


@every_experiment
def test_figures_drawn_again_are_the_same_bytes(
    name: str, small_result: SmallResult, tmp_path: Path
) -> None:
    experiment = catalogue.load(name)
    settings = {"experiment": {"name": name, **asdict(configured(name, "quick", "brief", draws=3))}}
    made = {"data": {"name": STAND_IN}}
    write_run(tmp_path / "run", settings, small_result(name, (0, 1, 2)), made)

    def drawn() -> dict[str, bytes]:
        steps.conclude(name, tmp_path / "run", force=True)
        files = (tmp_path / "run" / "figures").iterdir()
        return {file.name: file.read_bytes() for file in files}

    first = drawn()
    assert drawn() == first
    assert set(first) == {
        f"{figure.__name__}.{kind}"
        for figure in experiment.figures
        for kind in ("light.svg", "dark.svg", "txt")
    }


# Sabotage ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def measured(data_set: DataSet) -> Callable[..., dict[str, Estimate]]:
    """Run an experiment of quick size with some settings changed, each such run once."""
    known: dict[str, dict[str, Estimate]] = {}

    def run(
        name: str, data: str, overrides: Mapping[str, float | str], *, part: int
    ) -> dict[str, Estimate]:
        settings = configuring.plain_settings(name, "quick")
        draws = max(2, settings["draws"] // part)
        key = json.dumps([name, data, overrides, draws], sort_keys=True)
        if key not in known:
            changed = configuring.with_overrides(settings, overrides)
            experiment = catalogue.load(name)
            config = configuring.checked(experiment.config, changed)
            known[key] = experiment.run(config, data_set(data), range(draws)).values
        return known[key]

    return run


@pytest.mark.no_cover  # the same lines run above, in a tenth of the time
@every_claim
def test_a_planted_fault_changes_the_verdict(
    name: str, claim: Claim, measured: Callable[..., dict[str, Estimate]]
) -> None:
    data = claim.data or STAND_IN
    sound = judge(claim, measured(name, data, {}, part=1), data)
    assert sound in DECIDED, f"quick size leaves {claim.id} {sound}"
    # An eighth of the draws often decides; where it does not, all of them must make the difference,
    # since too few draws alone would make any verdict inconclusive.
    for part in (8, 1):
        faulty = judge(claim, measured(name, data, claim.fault.overrides, part=part), data)
        if faulty in DECIDED:
            break
    assert faulty != sound, claim.fault.description


# What is committed -------------------------------------------------------------------------------


def committed(name: str, file: str) -> Any:  # noqa: ANN401 - JSON holds anything
    return json.loads((REFERENCE / catalogue.place(name) / file).read_text(encoding="utf-8"))


def committed_samples(name: str, file: str = "samples.csv") -> Sequence[Mapping[str, Any]]:
    return read_table(REFERENCE / catalogue.place(name) / file)


def test_every_reference_belongs_to_an_experiment() -> None:
    folders = [path.parent.name for path in REFERENCE.rglob("provenance.json")]
    assert set(folders) <= set(NAMES)


@every_reference
def test_the_reference_was_made_with_the_settings_of_the_yaml_file(name: str) -> None:
    settings = committed(name, "config.json")
    config = asdict(configured(name, "reference"))
    assert settings["experiment"] == configuring.as_json({"name": name, **config})
    assert settings["scale"] == "reference"


@every_reference
def test_the_reference_was_made_from_a_commit_on_the_full_data(name: str) -> None:
    made = committed(name, "provenance.json")
    assert made["data"]["name"] == REFERENCE_DATA
    assert made["dirty"] is False
    assert re.fullmatch(r"[0-9a-f]{40}", made["commit"])


@every_reference
def test_the_values_are_those_of_the_samples(name: str) -> None:
    rows = committed_samples(name)
    draws = configured(name, "reference").draws
    assert [row["draw"] for row in rows] == list(range(draws))
    stored = committed(name, "values.json")
    exact = {key: value["mean"] for key, value in stored.items() if estimate_from_json(value).exact}
    samples = {key: [float(row[key]) for row in rows] for key in rows[0] if key != "draw"}
    again = Result(tuple(range(draws)), samples, {}, exact).values
    assert stored == {key: estimate_to_json(value) for key, value in again.items()}


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


@every_reference
def test_the_verdicts_are_those_of_the_values(name: str) -> None:
    run = read_run(REFERENCE / catalogue.place(name))
    experiment = catalogue.load(name)
    again = steps.judgements(experiment.claims, run.values, run.data, experiment.untested)
    assert differing(committed(name, "claims.json"), configuring.as_json(again)) == []


@every_reference
def test_the_figures_are_those_of_the_experiment(name: str) -> None:
    told = {figure.__name__: alternative_text(figure) for figure in catalogue.load(name).figures}
    assert read_run(REFERENCE / catalogue.place(name)).figures == told
    drawn = {file.name for file in (REFERENCE / catalogue.place(name) / "figures").glob("*.svg")}
    assert drawn == {f"{figure}.{mode}.svg" for figure in told for mode in ("light", "dark")}


@every_reference
def test_the_tables_are_small_enough_to_be_read_on_a_page(name: str) -> None:
    for table in (REFERENCE / catalogue.place(name)).glob("*.csv"):
        assert table.stat().st_size < 200_000, table.name


@pytest.mark.mnist
@every_reference
def test_the_first_draws_of_the_reference_can_be_made_again(name: str) -> None:
    pixel_scale = committed(name, "config.json")["data"]["pixel_scale"]
    data = mnist.load(mnist.find(REFERENCE_DATA), pixel_scale, torch.device("cpu"))
    assert data.checksum == committed(name, "provenance.json")["data"]["checksum"]
    again = catalogue.load(name).run(configured(name, "reference", "brief"), data, [0, 1])
    # Of a long training only some updates are made again: rounding grows with each.
    brief = "brief" in OmegaConf.load(configuring.yaml(name))
    stored_rows = committed_samples(name, "replay.csv" if brief else "samples.csv")
    assert [row["draw"] for row in stored_rows[:2]] == [0, 1]
    for at, row in enumerate(stored_rows[:2]):
        for key, numbers in again.samples.items():
            # Another processor sums in another order. In float32 that moves a sum of n products by
            # about sqrt(n) * 6e-8, 2e-6 for n = 1,000, and some tens of layers move it on by no
            # more than fifty times that; six stored digits are finer. Another draw of the weights
            # moves it by a hundred times as much.
            # What is smaller than a millionth is a rounding error as such.
            assert numbers[at] == pytest.approx(row[key], rel=1e-4, abs=1e-6, nan_ok=True), key
    if brief:
        return  # what no draw touches may depend on the length
    stored = committed(name, "values.json")
    for key, number in again.exact.items():
        assert number == pytest.approx(stored[key]["mean"], rel=1e-4, abs=1e-6), key
