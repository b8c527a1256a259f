from dataclasses import FrozenInstanceError, asdict
from pathlib import Path
from typing import Annotated, Any

import pytest
from annotated_types import Ge
from hypothesis import given
from hypothesis import strategies as st
from omegaconf import DictConfig, OmegaConf
from pydantic.dataclasses import dataclass

from study import catalogue, configuring
from study.errors import StudyError
from study.record.settings import STRICT


@dataclass(frozen=True, config=STRICT)
class Inner:
    rate: float


@dataclass(frozen=True, config=STRICT)
class Toy:
    draws: Annotated[int, Ge(1)]
    widths: tuple[int, ...]
    inner: Inner


GOOD: dict[str, Any] = {"draws": 2, "widths": [3, 4], "inner": {"rate": 0.5}}
ROOT = {
    "scale": "quick",
    "device": "cpu",
    "output": "outputs/latest",
    "force": False,
    "data": {"name": "auto", "pixel_scale": 256},
    "engine": {"name": "local", "workers": None},
    "first": (),
}
MAPPINGS = st.recursive(
    st.integers(),
    lambda inner: st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=8,
).filter(lambda tree: isinstance(tree, dict))


def composed(**changes: object) -> DictConfig:
    quick = {"draws": 1, "inner": {"rate": 0.25}}
    toy = {**GOOD, "quick": quick, "control": {"draws": 6}}
    return OmegaConf.create({**ROOT, "experiment": toy, **changes})


def told_by(settings: dict[str, Any]) -> str:
    with pytest.raises(StudyError) as raised:
        configuring.checked(Toy, settings)
    return str(raised.value)


def test_good_settings_become_a_frozen_record() -> None:
    toy = configuring.checked(Toy, GOOD)
    assert toy == Toy(draws=2, widths=(3, 4), inner=Inner(rate=0.5))
    with pytest.raises(FrozenInstanceError):
        toy.draws = 3  # type: ignore[misc]


def test_a_whole_number_may_stand_for_a_real_one() -> None:
    assert configuring.checked(Toy, GOOD | {"inner": {"rate": 1}}).inner.rate == 1.0


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"draws": 0}, "experiment.draws=0: input should be greater than or equal to 1"),
        ({"draws": 1.5}, "experiment.draws=1.5: input should be a valid integer"),
        ({"draws": True}, "experiment.draws=True: input should be a valid integer"),
        ({"draws": "2"}, "experiment.draws=2: input should be a valid integer"),
        ({"draws": None}, "experiment.draws=None: input should be a valid integer"),
        ({"inner": {"rate": float("nan")}}, "experiment.inner.rate=nan: input should be a finite"),
        ({"inner": {"rate": float("inf")}}, "experiment.inner.rate=inf: input should be a finite"),
        ({"inner": {"rate": "x"}}, "experiment.inner.rate=x: input should be a valid number"),
        ({"widths": [3, "x"]}, "experiment.widths.1=x: input should be a valid integer"),
        ({"draw": 2}, "experiment.draw=2: no such field; choose from draws, inner, widths"),
        ({"inner": {}}, "experiment.inner.rate: missing"),
    ],
)
def test_a_bad_setting_is_named_with_its_value(change: dict[str, Any], told: str) -> None:
    assert told_by(GOOD | change).startswith(told)


def test_all_bad_settings_are_named_at_once() -> None:
    told = told_by(GOOD | {"draws": 0, "inner": {"rate": "x"}})
    assert "experiment.draws=0" in told
    assert "experiment.inner.rate=x" in told


def test_root_settings_are_checked_without_a_prefix() -> None:
    assert asdict(configuring.study_settings(composed())) == ROOT
    with pytest.raises(StudyError, match=r"^data\.pixel_scale=0: input should be greater than 0"):
        configuring.study_settings(composed(data={"name": "auto", "pixel_scale": 0}))


@pytest.mark.parametrize(
    ("word", "told"),
    [
        ("engine=dask engine.address=nowhere", "must be tcp://HOST:PORT or tls://HOST:PORT"),
        (
            "engine=dask engine.address=tcp://here:port",
            "must be tcp://HOST:PORT or tls://HOST:PORT",
        ),
        (
            "engine=dask engine.address=tcp://192.0.2.1:8786",
            "beyond this machine only tls:// with ca, cert and key",
        ),
        (
            "engine=dask engine.address=tcp://example.org:8786",
            "beyond this machine only tls:// with ca, cert and key",
        ),
        (
            "engine=dask engine.address=tls://a:1 engine.ca=a engine.cert=b engine.key=null",
            "tls:// needs the files ca, cert and key",
        ),
        ("engine=slurm engine.maximum_jobs=0", "input should be greater than or equal to 1"),
        (
            "engine=slurm engine.maximum_jobs=8 engine.minimum_jobs=9",
            "must be at most maximum_jobs=8",
        ),
        ("engine=slurm engine.memory=much", r"string should match pattern '^\d+ ?[KMGT]i?B$'"),
    ],
)
def test_an_engine_is_checked_as_a_whole(word: str, told: str) -> None:
    words = word.split()
    with pytest.raises(StudyError) as raised:
        configuring.composed(["experiment=weight_fans", *words])
    assert str(raised.value) == f"{words[-1]}: {told}"


@pytest.mark.parametrize(
    "words",
    [
        ["engine=dask"],
        ["engine=dask", 'engine.address="tcp://[::1]:8786"'],
        ["engine=dask", "engine.address=tcp://localhost:8786"],
        ["engine=dask", "engine.address=tls://a:1", "engine.ca=a", "engine.cert=b", "engine.key=c"],
        ["engine=slurm"],
        ["engine=slurm", 'engine.directives=["--constraint=avx2"]', "engine.walltime=2-00:00:00"],
    ],
)
def test_an_engine_is_chosen_by_its_name(words: list[str]) -> None:
    study = configuring.composed(["experiment=weight_fans", *words]).study
    assert f"engine={study.engine.name}" == words[0]


@pytest.mark.parametrize(
    ("scale", "overrides", "draws", "rate"),
    [
        ("reference", [], 2, 0.5),
        ("quick", [], 1, 0.25),
        ("quick", ["experiment.draws=9"], 9, 0.25),
        ("quick", ["+experiment.inner.rate=0.75", "scale=quick"], 1, 0.75),
        ("quick", ["experiment.draws=2"], 2, 0.25),  # the command line may repeat the reference
        ("control", [], 6, 0.25),  # lies over the quick block
        ("control", ["experiment.draws=9"], 9, 0.25),
    ],
)
def test_the_command_line_replaces_the_blocks_and_these_replace_the_rest(
    scale: str, overrides: list[str], draws: int, rate: float
) -> None:
    settings = configuring.experiment_settings(composed(scale=scale), overrides)
    # Hydra has laid the overrides over the reference numbers already; that is not needed here.
    assert settings["draws"] == draws
    assert settings["inner"]["rate"] == rate
    assert not {"quick", "control"} & settings.keys()


def test_the_quick_block_can_be_changed_from_the_command_line() -> None:
    changed = composed()
    changed.experiment.quick.draws = 7
    settings = configuring.experiment_settings(changed, ["experiment.quick.draws=7"])
    assert settings["draws"] == 7
    assert "quick" not in settings


def test_the_controls_read_the_quick_block_and_a_first_run_does_not_read_theirs() -> None:
    changed = composed(scale="control")
    changed.experiment.quick.inner.rate = 0.75
    words = ["experiment.quick.inner.rate=0.75"]
    assert configuring.experiment_settings(changed, words)["inner"]["rate"] == 0.75
    with pytest.raises(StudyError) as raised:
        configuring.experiment_settings(composed(scale="quick"), ["experiment.control.draws=7"])
    assert str(raised.value) == (
        "experiment.control.draws=7: scale=quick does not read the control block"
    )


def test_a_brief_block_lies_over_any_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "toy.yaml"
    monkeypatch.setattr(configuring, "yaml", lambda _: file)
    config = configuring.checked(Toy, GOOD | {"draws": 8})
    file.write_text("brief: {inner: {rate: 0.125}}")
    short = configuring.brief("toy", config)
    assert short is not None
    assert (short.draws, short.inner.rate) == (8, 0.125)
    file.write_text("draws: 3")
    assert configuring.brief("toy", config) is None


def test_a_missing_value_is_no_setting() -> None:
    with pytest.raises(configuring.HYDRA_ERRORS):
        configuring.study_settings(composed(device="???"))


@given(MAPPINGS, MAPPINGS)
def test_merging_keeps_what_is_not_changed_and_changes_what_is(
    settings: dict[str, Any], changes: dict[str, Any]
) -> None:
    merged = configuring.merged(settings, changes)
    assert set(merged) == set(settings) | set(changes)
    assert configuring.merged(merged, changes) == merged
    for key in set(settings) - set(changes):
        assert merged[key] == settings[key]


@given(MAPPINGS)
def test_merging_with_nothing_or_with_itself_changes_nothing(settings: dict[str, Any]) -> None:
    assert configuring.merged(settings, {}) == settings == configuring.merged({}, settings)
    assert configuring.merged(settings, settings) == settings


def test_overrides_leave_their_settings_as_they_were() -> None:
    settings = {"a": {"b": 1, "c": 2}, "d": 3}
    changed = configuring.with_overrides(settings, {"a.b": 5, "d": 6, "a.e.f": 7})
    assert changed == {"a": {"b": 5, "c": 2, "e": {"f": 7}}, "d": 6}
    assert settings == {"a": {"b": 1, "c": 2}, "d": 3}


@dataclass(frozen=True, config=STRICT)
class Halves:
    whole: int
    parts: int

    def __post_init__(self) -> None:
        if self.whole % self.parts:
            raise ValueError(f"whole={self.whole}, parts={self.parts}: no multiple")


@dataclass(frozen=True, config=STRICT)
class Nested:
    cut: Halves


@pytest.mark.parametrize(
    ("kind", "settings", "told"),
    [
        (Halves, {"whole": 5, "parts": 2}, "experiment.whole=5, parts=2: no multiple"),
        (Nested, {"cut": {"whole": 5, "parts": 2}}, "experiment.cut.whole=5, parts=2: no multiple"),
    ],
)
def test_settings_that_are_good_one_by_one_only_are_refused_by_name(
    kind: type, settings: dict[str, Any], told: str
) -> None:
    with pytest.raises(StudyError) as raised:
        configuring.checked(kind, settings)
    assert str(raised.value) == told


ARM = "mine={weight_variance: 3.0, slope: 0.1}"


@pytest.mark.parametrize(
    ("experiment", "word"),
    [
        ("relu_second_moment", f"experiment.arms.{ARM}"),
        ("relu_second_moment", "experiment.arms.mine.weight_variance=3.0"),
        ("tanh_gain", "experiment.arms.mine=1.2"),  # of numbers, not of mappings
        ("tanh_gain_training", "experiment.gains.mine=1.2"),
    ],
)
def test_where_names_are_free_a_plus_sign_is_suggested(experiment: str, word: str) -> None:
    with pytest.raises(StudyError) as raised:
        configuring.composed([f"experiment={experiment}", word])
    assert str(raised.value).startswith(f"{word}: no such field; choose from ")
    assert str(raised.value).endswith(f"; +{word} adds one")
    assert configuring.composed([f"experiment={experiment}", f"+{word}"])


@pytest.mark.parametrize(
    ("experiment", "word"),
    [
        ("relu_second_moment", "experiment.widht=3"),
        ("relu_second_moment", "experiment.arms.two_over_n.weight_varance=3.0"),
        ("first_layer_scale", "experiment.arms.mine={weight_variance: 1.0}"),  # a record of five
        ("isometry_training", "experiment.kinds.mine={}"),  # whose names are those of functions
        ("relu_second_moment", "data.scale=3"),
    ],
)
def test_where_names_are_fixed_no_plus_sign_is_suggested(experiment: str, word: str) -> None:
    with pytest.raises(StudyError) as raised:
        configuring.composed([f"experiment={experiment}", word])
    assert "no such field; choose from " in str(raised.value)
    assert "adds one" not in str(raised.value)


def test_a_wrong_field_of_an_arm_is_refused_with_the_fields_of_an_arm() -> None:
    words = ["experiment=relu_second_moment", f"+experiment.arms.{ARM[:-1]}, typo: 1}}"]
    kind = catalogue.load("relu_second_moment").config
    with pytest.raises(StudyError) as raised:
        configuring.checked(kind, configuring.composed(words).experiment)
    assert str(raised.value) == (
        "experiment.arms.mine.typo=1: no such field; choose from slope, weight_variance"
    )
