"""Settings survive the address, and the commands that are offered are commands of the study."""

import shlex
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from study import catalogue, configuring, steps
from tests.explore.engine import Engine, Settings


def test_the_start_has_an_empty_address(js: Engine, settings: Settings) -> None:
    assert js("settings.write", settings()) == ""
    assert js("settings.read", "") == settings()


def test_settings_come_back_from_the_address(js: Engine, settings: Settings) -> None:
    fields = js("settings.FIELDS")
    changed = {
        key: list(field["options"])[-1] if "options" in field else field["min"]
        for key, field in fields.items()
    }
    chosen = settings(**changed)
    address = js("settings.write", chosen)
    assert address.count("=") == len(fields) - list(fields).count("none")
    assert js("settings.read", f"#{address}") == chosen


@pytest.mark.parametrize(
    ("address", "key", "value"),
    [
        ("depth=99999", "depth", 1000),
        ("width=12.6", "width", 13),
        ("variance=-3", "variance", 0.1),
        ("variance=soon", "variance", 2),
        ("variance=", "variance", 2),
        ("activation=toString", "activation", "relu"),
        ("seed", "seed", 1),
    ],
)
def test_what_is_no_setting_becomes_one(js: Engine, address: str, key: str, value: object) -> None:
    assert js("settings.read", address)[key] == value


def test_what_the_page_does_not_know_is_left_out(js: Engine, settings: Settings) -> None:
    assert js("settings.read", "#toString=1&depth=5&__proto__=2") == settings(depth=5)


OFFERED = [
    ("number_format_limits", {"format": "bfloat16", "variance": 1 / 3}),
    ("number_format_limits", {"format": "float16", "width": 256, "networks": 200}),
    ("variance_through_depth", {"format": "float64"}),
    ("variance_through_depth", {"activation": "linear", "depth": 4}),
    ("variance_through_depth", {"activation": "leaky_relu"}),
    ("variance_through_depth", {"activation": "gelu", "fan": "average"}),
    ("fan_modes", {"shape": "alternating", "depth": 24, "fan": "geometric"}),
    ("fan_modes", {"shape": "head", "depth": 4, "fan": "average", "activation": "tanh"}),
    ("fan_modes", {"shape": "funnel", "depth": 9, "fan": "fan_out", "activation": "linear"}),
    ("log_norm_law", {"residual": "root"}),
    ("log_norm_law", {"residual": "one", "depth": 4, "shape": "funnel"}),
]


@pytest.mark.parametrize(("experiment", "changes"), OFFERED)
def test_every_command_is_one_of_the_study(
    js: Engine, settings: Settings, experiment: str, changes: dict[str, Any]
) -> None:
    command = js("settings.asNox", settings(**changes))
    composed = configuring.composed(shlex.split(command.removeprefix("nox -s run -- ")))
    assert composed.name == experiment
    checked = configuring.checked(catalogue.load(experiment).config, composed.experiment)
    assert checked.seed == 1


SMALL: dict[str, Any] = {"depth": 6, "width": 8, "networks": 2}


@pytest.fixture
def _no_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Save the seconds that figures take."""
    monkeypatch.setattr(
        steps, "draw_figures", lambda _, run: (run.folder / "figures").mkdir(exist_ok=True)
    )


@pytest.mark.usefixtures("_no_figures")
@pytest.mark.parametrize(
    "changes",
    [
        {"format": "bfloat16"},
        {"activation": "gelu"},
        {"shape": "alternating", "fan": "average"},
        {"residual": "root"},
    ],
)
def test_every_command_runs(
    js: Engine,
    settings: Settings,
    study: Callable[..., subprocess.CompletedProcess[str]],
    project: Path,
    changes: dict[str, Any],
) -> None:
    command = shlex.split(js("settings.asNox", settings(**SMALL, **changes)))
    assert command[:4] == ["nox", "-s", "run", "--"]
    done = study(*command[4:], "scale=quick", "data=mnist_5k", "experiment.draws=2")
    assert done.returncode == 0, done.stderr
    assert len([*(project / "outputs" / "latest").rglob("values.json")]) == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"distribution": "gaussian"},
        {"shape": "alternating"},
        {"width": 64},
    ],
)
def test_only_wide_orthogonal_layers_are_called_slow(
    js: Engine, settings: Settings, changes: dict[str, Any]
) -> None:
    slow = {"distribution": "orthogonal", "width": 256, "depth": 200}
    assert js("settings.isSlow", settings(**slow)) is True
    assert js("settings.isSlow", settings(**slow | changes)) is False


@pytest.mark.parametrize(
    "changes",
    [
        {"distribution": "signs"},
        {"distribution": "orthogonal"},
        {"depth": 3},
        {"activation": "gelu", "shape": "funnel", "depth": 10},
        {"shape": "funnel", "depth": 100},
        {"residual": "one", "activation": "tanh"},
    ],
)
def test_where_no_experiment_has_the_networks_there_is_no_command(
    js: Engine, settings: Settings, changes: dict[str, Any]
) -> None:
    assert js("settings.asNox", settings(**changes)) is None
