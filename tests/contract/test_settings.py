"""The settings and the files of every experiment; a new one is tested here without an edit."""

import re
from collections.abc import Iterator
from dataclasses import MISSING, FrozenInstanceError, fields, is_dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from omegaconf import OmegaConf

from study import catalogue, configuring, scaffold
from study.record.experiment import METHOD
from tests.subjects import subjects

NAMES = subjects()
ROOT = configuring.CONF.parent
REFERENCE = ROOT / "outputs" / "reference"


def configured(name: str, *scales: str) -> Any:  # noqa: ANN401 - of any experiment
    settings = configuring.plain_settings(name, *scales)
    return configuring.checked(catalogue.load(name).config, settings)


def test_the_same_tree_stands_in_every_folder() -> None:
    places = sorted(map(catalogue.place, NAMES))
    places_of_all = {*map(catalogue.place, catalogue.names())}
    found = {
        "settings": {path.with_suffix("") for path in (ROOT / "conf/experiment").rglob("*.yaml")},
        "reference": {path.parent for path in REFERENCE.rglob("config.json")},
        "tests": {
            path.with_name(path.stem.removeprefix("test_"))
            for path in (ROOT / "tests" / "experiments").glob("*/test_*.py")
            if path.stem.removeprefix("test_") in catalogue.names()
        },
    }
    faults = []
    for tree, paths in found.items():
        there = {"/".join(path.parts[-2:]) for path in paths}
        faults += [f"{place}: no {tree}" for place in places if place not in there]
        faults += [f"{place}: {tree} of no experiment" for place in sorted(there - places_of_all)]
    assert not faults, "\n".join(faults)


def test_nothing_is_left_to_be_filled_in() -> None:
    def marked(path: Path) -> Iterator[str]:
        if path.is_file():
            for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
                if scaffold.MARK.search(line):
                    yield f"{path.relative_to(ROOT)}, line {number}: {line.strip()}"

    files = [ROOT / path for name in NAMES for path in scaffold.paths(catalogue.place(name))]
    faults = [fault for path in files for fault in marked(path)]
    assert not faults, "\n".join(faults)


def test_an_experiment_is_three_files_and_what_it_says_of_itself() -> None:
    parts = {"__init__.py", "method.py", "claims.py", "figures.py"}
    folders = {name: catalogue.FOLDER / catalogue.place(name) for name in NAMES}
    found = {name: {path.name for path in folder.glob("*.py")} for name, folder in folders.items()}
    assert {name: files for name, files in found.items() if files != parts} == {}
    silent = [n for n in NAMES if not (package_of(n).__doc__ or "").strip()]
    assert silent == []


def package_of(name: str) -> Any:  # noqa: ANN401 - a module
    return import_module(import_module(catalogue.module(name)).__package__ or "")


def test_names_are_snake_case() -> None:
    rule = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
    assert [name for name in NAMES if not rule.fullmatch(name)] == []


def test_settings_are_frozen_dataclasses_without_defaults_that_count_their_draws() -> None:
    def offenders(name: str) -> Iterator[str]:
        kind = catalogue.load(name).config
        if not is_dataclass(kind):
            yield "no dataclass"
            return
        if "draws" not in {field.name for field in fields(kind)}:
            yield "no draws"
        for field in fields(kind):
            if field.default is not MISSING or field.default_factory is not MISSING:
                yield f"a default for {field.name}"
        try:
            configured(name, "quick").draws = 1
        except FrozenInstanceError:
            return
        yield "not frozen"

    assert [f"{name}: {offender}" for name in NAMES for offender in offenders(name)] == []


def test_a_yaml_file_holds_every_field_and_blocks_that_change_some() -> None:
    def offenders(name: str) -> Iterator[str]:
        file: Any = OmegaConf.to_container(OmegaConf.load(configuring.yaml(name)))
        asked = {field.name for field in fields(catalogue.load(name).config)}
        blocks = set(configuring.BLOCKS) & set(file)
        if set(file) != asked | blocks:
            yield f"{sorted(set(file) ^ (asked | blocks))} on one side only"
        if "quick" not in blocks:
            yield "no quick size"
        for block in blocks:
            if unknown := set(file[block]) - asked:
                yield f"{block} has {sorted(unknown)}"
            below = configuring.plain_settings(name, configuring.LAID_OVER.get(block, "reference"))
            if configuring.merged(below, file[block]) == below:
                yield f"{block} changes nothing"

    assert [f"{name}: {offender}" for name in NAMES for offender in offenders(name)] == []


def test_settings_are_good_at_every_size() -> None:
    # One draw has no interval.
    scales = ("reference", *configuring.BLOCKS)
    few = [f"{n} {scale}" for n in NAMES for scale in scales if configured(n, scale).draws < 2]
    assert few == []


def test_a_method_is_defined_where_the_fingerprint_starts() -> None:
    def elsewhere(name: str) -> Iterator[str]:
        module = import_module(catalogue.module(name))
        for part in METHOD:
            function = getattr(module, part, None)
            if function is not None and function.__module__ != module.__name__:
                yield part

    assert [f"{name}: {part}" for name in NAMES for part in elsewhere(name)] == []
