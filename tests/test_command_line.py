import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from study import (
    catalogue,
    command_line,
    configuring,
    history,
    runner,
    steps,
    verdict_history,
)
from study.configuring import DataSettings
from study.queue import Job
from study.record.claims import Band
from study.record.origins import PARTS, Change, Origin, RecordedRun
from study.record.results import read_run
from study.theory.named import NAMES

Study = Callable[..., subprocess.CompletedProcess[str]]
MakeRun = Callable[..., Path]

PROJECT = Path(catalogue.__file__).parents[1]
NAME = "relu_second_moment"
PLACE = f"variance/{NAME}"
FIELDS = "arms, depth, draws, images, seed, width"
WITH_QUICK = "arms, depth, draws, images, quick, seed, width"
ROOT_FIELDS = "data, device, engine, first, force, output, scale"
WITH_EXPERIMENT = "data, device, engine, experiment, first, force, output, scale"
OTHERS = ", ".join(catalogue.names())
TINY = (
    f"experiment={NAME}",
    "data=mnist_5k",
    "experiment.draws=2",
    "experiment.depth=3",
    "experiment.width=8",
    "experiment.images=4",
)


@pytest.fixture
def no_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Save the seconds that figures take, where they are not what is looked at."""
    monkeypatch.setattr(
        steps, "draw_figures", lambda _, run: (run.folder / "figures").mkdir(exist_ok=True)
    )


def latest(project: Path) -> Path:
    return project / "outputs" / "latest"


def told(done: subprocess.CompletedProcess[str], code: int = 1) -> str:
    """Return the one line that a failure may leave on the error stream."""
    assert done.returncode == code
    assert re.fullmatch(r"error: [^\n]+\n", done.stderr), done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    return done.stderr.removeprefix("error: ").rstrip("\n")


# What is refused ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("word", "line"),
    [
        (
            "experiment.widht=3",
            f"experiment.widht=3: no such field; choose from {WITH_QUICK}",
        ),
        ("experiment.width=abc", "experiment.width=abc: input should be a valid integer"),
        ("experiment.width=1.5", "experiment.width=1.5: input should be a valid integer"),
        ("experiment.width=null", "experiment.width=None: input should be a valid integer"),
        (
            "experiment.width=-5",
            "experiment.width=-5: input should be greater than or equal to 2",
        ),
        ("experiment.depth=0", "experiment.depth=0: input should be greater than or equal to 2"),
        ("experiment.draws=0", "experiment.draws=0: input should be greater than or equal to 1"),
        ("experiment.seed=-1", "experiment.seed=-1: input should be greater than or equal to 0"),
        (
            "experiment.arms.two_over_n.slope=nan",
            "experiment.arms.two_over_n.slope=nan: input should be a finite number",
        ),
        (
            "experiment.arms.two_over_n.weight_variance=inf",
            "experiment.arms.two_over_n.weight_variance=inf: input should be a finite number",
        ),
        (
            "experiment.arms.two_over_n.weight_variance=0",
            "experiment.arms.two_over_n.weight_variance=0: input should be greater than 0",
        ),
        (
            "+experiment._target_=os.system",
            f"experiment._target_=os.system: no such field; choose from {FIELDS}",
        ),
        (
            "experiment=nope",
            f"experiment=nope: no such experiment; choose from {OTHERS}",
        ),
        (
            "engine.workers=0",
            "engine.workers=0: input should be greater than or equal to 1",
        ),
        ("engine=nope", "engine=nope: no such engine; choose from dask, local, slurm"),
        ("engine.name=nope", "engine.name=nope: input should be one of 'local', 'dask', 'slurm'"),
        ("data=nope", "data=nope: no such data; choose from auto, mnist, mnist_5k, shapeset"),
        (
            "data.name=nope",
            "data.name=nope: input should be 'auto', 'mnist', 'mnist_5k' or 'shapeset'",
        ),
        ("data.pixel_scale=0", "data.pixel_scale=0: input should be greater than 0"),
        (
            "scale=nope",
            "scale=nope: input should be 'reference', 'quick', 'control', 'paper' or 'brief'",
        ),
        ("device=tpu", "device=tpu: input should be 'cpu' or 'cuda'"),
        ("force=maybe", "force=maybe: input should be a valid boolean"),
        (
            "nope=1",
            f"nope=1: no such field; choose from {WITH_EXPERIMENT}",
        ),
        (
            "+nope=1",
            f"nope=1: no such field; choose from {ROOT_FIELDS}",
        ),
        ("experiment.images=10000000", "experiment.images=10000000: there are only 4000"),
    ],
)
def test_a_bad_setting_is_refused_in_one_line(
    study: Study, project: Path, word: str, line: str
) -> None:
    assert told(study(*TINY, word)) == line
    assert not any(latest(project).glob("variance/**/*.json"))


def test_a_number_for_an_experiment_is_refused_in_one_line(study: Study) -> None:
    assert told(study("experiment=5")).startswith("experiment=5: ")


def test_a_mistake_in_an_experiment_keeps_its_traceback(
    study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    def mistaken(*_: object) -> None:
        raise ValueError("a mistake of ours")

    monkeypatch.setattr(steps, "pool", mistaken)
    with pytest.raises(ValueError, match="a mistake of ours"):
        study(*TINY)


def test_a_reference_to_nothing_is_refused_in_one_line(study: Study) -> None:
    assert "'NOWHERE' not found" in told(study(*TINY, "experiment.width=${oc.env:NOWHERE}"))


def test_a_quick_block_that_is_none_is_refused_in_one_line(study: Study) -> None:
    line = "experiment.quick=5: must be fields and their values"
    assert told(study(*TINY, "scale=quick", "experiment.quick=5")) == line


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["experiment.arms={}"], "experiment.arms={}: a field cannot be taken away"),
        (["~experiment.width"], "experiment.width=None: a field cannot be taken away"),
        (
            ["experiment.quick.draws=7"],
            "experiment.quick.draws=7: scale=reference does not read the",
        ),
        (["scale=paper"], "scale=paper: this experiment has no block of that name; choose from"),
        (["data=[mnist,auto]"], "data=['mnist', 'auto']: name one of conf/data"),
        (["output="], "output=: string should have at least 1 character"),
        (["hydra.run.dir=/dev/null/x"], "hydra.run.dir=/dev/null/x: the study uses no such"),
        (["--cfg", "job"], "--cfg: no such option; choose from -m, --multirun"),
    ],
)
def test_what_would_be_ignored_is_refused_in_one_line(
    study: Study, words: list[str], line: str
) -> None:
    assert told(study(*TINY, *words)).startswith(line)


def test_a_sweep_over_experiments_takes_no_setting_of_one(study: Study) -> None:
    line = "experiment.draws=2: can be set for one experiment only; name it with experiment="
    assert told(study("-m", "experiment=glob(*)", "experiment.draws=2")) == line


def test_settings_that_need_too_much_memory_are_refused_in_one_line(
    study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    def greedy(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(steps, "pool", greedy)
    assert "not enough memory" in told(study(*TINY))


def test_an_output_that_is_no_folder_is_refused_before_the_run(study: Study, project: Path) -> None:
    (project / "file").write_text("")
    assert told(study(*TINY, "output=file")) == "output=file: Not a directory"


@pytest.mark.parametrize("word", ["experiment.width=[", "=3x", "experiment.width", "a b=[}"])
def test_what_is_no_override_is_refused_in_one_line(study: Study, word: str) -> None:
    assert word in told(study(*TINY, word))


@pytest.mark.parametrize("words", [[], ["scale=quick"]])
def test_an_experiment_must_be_named(study: Study, words: list[str]) -> None:
    others = (
        "list, claims, compare, report, promote, draw, controls, costs, rehearse, origins, "
        "archive, pool, new, gains and try"
    )
    line = f"experiment: say which; choose from {OTHERS}; other words are {others}"
    assert told(study(*words)) == line


def test_a_pattern_that_matches_nothing_is_refused(study: Study) -> None:
    line = f"experiment: nothing matches; choose from {OTHERS}"
    assert told(study("-m", "experiment=glob(zzz*)")) == line


def test_a_sweep_must_be_asked_for(study: Study) -> None:
    assert "--multirun" in told(study(*TINY, "experiment.width=8,9"))


def test_a_device_that_is_not_there_is_refused(
    study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    line = "device=cuda: torch sees no CUDA device; choose from cpu"
    assert told(study(*TINY, "device=cuda")) == line


@pytest.mark.parametrize("word", ["list", "compare", "promote", "draw", "origins"])
def test_an_unknown_name_is_refused_by_every_word(study: Study, word: str) -> None:
    line = f"nope: no such experiment; choose from {OTHERS}"
    assert told(study(word, "nope")) == line


def test_origins_are_stored_beside_the_reference_and_counted(
    study: Study, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = RecordedRun("a" * 40, "b" * 40, "2026-11-22", 0.5, 0.1, 9, ("band",))
    changed = dict.fromkeys(PARTS, Change("c" * 40, "2026-11-21"))
    origin = Origin(Band(0.0, 1.0), changed, (run,), ())
    found: dict[str, dict[str, Origin]] = {NAME: {"toy-claim": origin}, "another": {}}

    def origins(root: Path, progress: history.ProgressBar) -> dict[str, dict[str, Origin]]:
        assert root == project
        assert list(progress(0, [])) == []
        return found

    monkeypatch.setattr(history, "origins", origins)
    monkeypatch.setattr(history, "History", lambda root: root)
    verdicts = {"toy-claim": [{"date": "2026-11-22", "commit": "e" * 40, "verdict": "met"}]}
    monkeypatch.setattr(verdict_history, "verdicts", lambda _: verdicts)
    bands = {"toy-claim": [{"date": "2026-11-22", "commit": "e" * 40, "band": "≥ 0.5"}]}
    monkeypatch.setattr(verdict_history, "bands", lambda _: bands)
    folder = project / "outputs" / "reference" / PLACE
    folder.mkdir(parents=True)
    done = study("origins", NAME)
    assert done.returncode == 0
    assert done.stdout.strip() == f"{NAME}: 1 of 1 claims are exploratory"
    assert json.loads((folder / "origins.json").read_text())["toy-claim"]["exploratory"] is True
    assert json.loads((project / "outputs/reference/verdicts.json").read_text()) == verdicts
    assert json.loads((project / "outputs/reference/bands.json").read_text()) == bands


def test_a_survey_shows_how_far_it_is_and_gives_what_is_done() -> None:
    assert list(command_line.counting(2, iter(["a", "b"]))) == ["a", "b"]


def test_promotion_needs_a_name(study: Study) -> None:
    assert told(study("promote")) == f"promote: name the experiments; choose from {OTHERS}"


@pytest.mark.parametrize("word", ["compare", "promote"])
def test_a_run_that_is_not_there_is_named(study: Study, project: Path, word: str) -> None:
    assert told(study(word, NAME)) == f"{latest(project) / PLACE}: no finished run here"


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["experiment=nope"], f"experiment=nope: no such experiment; choose from {OTHERS}"),
        (["compare", "nope"], f"nope: no such experiment; choose from {OTHERS}"),
    ],
)
def test_the_exit_code_and_the_line_leave_the_process(
    tmp_path: Path, words: list[str], line: str
) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "study", *words],
        cwd=tmp_path,
        env={"PYTHONPATH": str(PROJECT), "PATH": ""},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert told(done) == line
    assert done.stdout == ""


def test_an_activation_that_is_not_there_is_refused_in_one_line(study: Study) -> None:
    assert told(study("gains", "tanh", "nope")).startswith("activation nope: not one of linear, re")


# What is done ------------------------------------------------------------------------------------


def test_the_list_is_the_names_under_what_their_groups_ask(study: Study) -> None:
    done = study("list")
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    names = [line.strip() for line in lines if line.startswith(" ")]
    assert sorted(names) == catalogue.names()
    heads = [line for line in lines if not line.startswith(" ")]
    assert heads == [f"{group}: {catalogue.question(group)}" for group in catalogue.groups()]
    assert study("list", "fan_modes").stdout.split()[-1] == "fan_modes"


def test_gains_are_rows_of_the_names_or_of_all(study: Study) -> None:
    done = study("gains", "relu", "gelu")
    assert (done.returncode, done.stderr) == (0, "")
    rows = [line.split() for line in done.stdout.splitlines()]
    assert ["relu", *["1.4142"] * 3, "1.7129", "1.4142", "1.0000", "neutral"] in rows
    gelu, note = (row for row in rows if row and row[0] == "gelu")
    assert " ".join(note).startswith("gelu is unstable: without normalisation, biases let its")
    assert (gelu[5], gelu[-1]) == ("refuses", "unstable")
    shown = [line.split()[0] for line in study("gains").stdout.splitlines() if line.strip()]
    assert [name for name in shown if name in NAMES] == [*NAMES]


@pytest.mark.usefixtures("no_figures")
def test_a_run_shows_its_data_its_verdicts_and_its_folder(study: Study, project: Path) -> None:
    done = study(*TINY)
    assert (done.returncode, done.stderr) == (0, "")
    (folder,) = (latest(project) / f"{PLACE}-variants").iterdir()
    assert str(folder) in done.stdout
    assert "data mnist_5k" in done.stdout
    assert "no reference is committed" in done.stdout
    for claim in catalogue.load(NAME).claims:
        assert claim.id in done.stdout
    experiment = read_run(folder).settings["experiment"]
    assert [experiment[key] for key in ("draws", "depth", "width", "images")] == [2, 3, 8, 4]


@pytest.mark.usefixtures("no_figures")
def test_the_command_line_comes_before_the_quick_block(study: Study, project: Path) -> None:
    words = [word for word in TINY if "width" not in word]
    assert study(*words, "scale=quick", "experiment.width=33").returncode == 0
    (folder,) = (latest(project) / f"{PLACE}-variants").iterdir()
    assert read_run(folder).settings["experiment"]["width"] == 33
    assert read_run(folder).settings["scale"] == "quick"


@pytest.mark.usefixtures("no_figures")
def test_a_sweep_keeps_every_run(study: Study, project: Path) -> None:
    words = [word for word in TINY if "width" not in word]
    done = study("-m", *words, "experiment.width=20,30")
    assert (done.returncode, done.stderr) == (0, "")
    folders = (latest(project) / f"{PLACE}-variants").iterdir()
    widths = [read_run(folder).settings["experiment"]["width"] for folder in folders]
    assert sorted(widths) == [20, 30]


@pytest.mark.usefixtures("no_figures")
def test_a_bad_job_does_not_stop_the_others_of_a_sweep(study: Study, project: Path) -> None:
    words = [word for word in TINY if "width" not in word]
    done = study("-m", *words, "experiment.width=-20,30")
    assert told(done).startswith("experiment.width=-20: ")
    (folder,) = (latest(project) / f"{PLACE}-variants").iterdir()
    assert read_run(folder).settings["experiment"]["width"] == 30


@pytest.mark.usefixtures("no_figures")
def test_a_finished_run_is_shown_again_without_being_made(study: Study) -> None:
    study(*TINY)
    done = study(*TINY)
    assert "already finished with these settings" in done.stdout
    assert "already finished" not in study(*TINY, "force=true").stdout


def test_a_name_in_brackets_is_printed_as_it_is(study: Study, project: Path) -> None:
    done = study(*TINY, "output='[bold]/out'")
    assert str(project / "[bold]" / "out") in done.stdout


def samples(mean: float) -> dict[str, list[float]]:
    """Return samples of a quantity of every claim, near one mean."""
    return {claim.quantity: [mean, mean + 1e-3] for claim in catalogue.load(NAME).claims}


@pytest.mark.parametrize(("reference", "code"), [(1.0, 0), (2.0, 1)])
def test_comparing_fails_if_a_claim_disagrees(
    study: Study, project: Path, make_run: MakeRun, reference: float, code: int
) -> None:
    experiment = catalogue.load(NAME)
    make_run(latest(project) / PLACE, experiment, samples(1.0))
    make_run(project / "outputs" / "reference" / PLACE, experiment, samples(reference))
    done = study("compare", NAME)
    assert (done.returncode, done.stderr) == (code, "")
    assert "not the reference's setting" not in done.stdout


@pytest.mark.parametrize(
    ("made", "difference"),
    [({"width": 9}, "width: 9, not 8"), ({"data": "mnist_5k"}, "data: mnist_5k, not mnist")],
)
def test_comparing_names_what_differs_from_the_reference(
    study: Study, project: Path, make_run: MakeRun, made: dict[str, object], difference: str
) -> None:
    experiment = catalogue.load(NAME)
    make_run(latest(project) / PLACE, experiment, samples(1.0), **made)
    make_run(project / "outputs" / "reference" / PLACE, experiment, samples(1.0))
    words = " ".join(study("compare", NAME).stdout.split())
    assert f"numbers are not: {difference}" in words


def test_promoting_shows_the_comparison_and_makes_the_reference(
    study: Study, project: Path, make_run: MakeRun
) -> None:
    make_run(latest(project) / PLACE, catalogue.load(NAME), samples(1.0))
    done = study("promote", NAME)
    assert (done.returncode, done.stderr) == (0, "")
    assert catalogue.load(NAME).claims[0].id in done.stdout
    reference = read_run(project / "outputs" / "reference" / PLACE)
    assert reference.values == read_run(latest(project) / PLACE).values


@pytest.mark.parametrize(
    "made", [{"scale": "quick"}, {"data": "mnist_5k"}, {"dirty": True}], ids=str
)
def test_promoting_refuses_what_may_not_be_cited(
    study: Study, project: Path, make_run: MakeRun, made: dict[str, object]
) -> None:
    make_run(latest(project) / PLACE, catalogue.load(NAME), samples(1.0), **made)
    assert told(study("promote", NAME)).startswith(f"promote {NAME}: the run")
    assert not (project / "outputs" / "reference").exists()


def test_drawing_judges_and_draws_again_from_files_alone(study: Study, project: Path) -> None:
    assert study(*TINY).returncode == 0
    (variant,) = (latest(project) / f"{PLACE}-variants").iterdir()
    folder = variant.rename(latest(project) / PLACE)
    before = {
        file: file.read_bytes() for file in folder.rglob("*") if file.suffix in {".svg", ".json"}
    }
    assert any(file.suffix == ".svg" for file in before)
    shutil.rmtree(folder / "figures")
    (folder / "claims.json").write_text(json.dumps([]))
    done = study("draw", NAME)
    assert f"judged and drawn again in {folder}" in done.stdout
    assert {file: file.read_bytes() for file in before} == before


def test_drawing_passes_over_what_is_not_there(study: Study) -> None:
    done = study("draw")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


# How long it takes --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.0, "10 seconds"),
        (44.0, "40 seconds"),
        (56.0, "1 minute"),
        (150.0, "2 minutes"),
        (3600.0, "1 hour"),
        (3700.0, "1 hour 2 minutes"),
        (7260.0, "2 hours 1 minute"),
    ],
)
def test_a_time_is_told_no_more_precisely_than_it_is_known(seconds: float, words: str) -> None:
    assert command_line.told(seconds) == words


@pytest.mark.usefixtures("no_figures")
def test_what_work_took_is_known_the_next_time_and_can_be_kept_for_others(
    study: Study, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(configuring, "plain_settings", plain_settings_of_tiny)
    monkeypatch.setattr(runner, "PLAIN", [(DataSettings("mnist_5k", 256.0), "cpu")])
    assert command_line.usual_costs("reference", latest(project)) == {}
    assert study(*TINY).returncode == 0
    known = command_line.usual_costs("reference", latest(project))
    assert set(known) == {NAME}
    assert set(known[NAME]) == {"draw", "conclusion"}
    assert all(seconds > 0 for seconds in known[NAME].values())
    assert study("costs").returncode == 0
    (latest(project) / ".costs.json").unlink()
    assert command_line.usual_costs("reference", latest(project)) == known
    assert command_line.usual_costs("quick", latest(project)) == {}


def test_what_a_rehearsal_tells_is_known_to_the_run(
    study: Study, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def rehearse(method: object, config: Any, _data: object) -> dict[str, float]:  # noqa: ANN401
        asked.append((method, config.width))
        return {"choice": 7200.0, "draw": 123456.0}

    monkeypatch.setattr("study.rehearsal.rehearse", rehearse)
    monkeypatch.setattr(runner, "PLAIN", [(DataSettings("mnist_5k", 256.0), "cpu")])
    done = study("rehearse", "experiment=glorot_table", "scale=paper", "data=mnist_5k")
    assert done.stdout == "glorot_table: choice 2 h, draw 34.3 h of a processor\n"
    assert asked == [(catalogue.method("glorot_table"), 1000)]
    assert command_line.usual_costs("paper", latest(project)) == {
        "glorot_table": {"choice": 7200.0, "draw": 123000.0}
    }


def test_a_rehearsal_of_other_settings_says_nothing_of_an_experiment(
    study: Study, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("study.rehearsal.rehearse", lambda *_: {"draw": 3600.0})
    monkeypatch.setattr(runner, "PLAIN", [(DataSettings("mnist_5k", 256.0), "cpu")])
    words = ("experiment=glorot_table", "scale=paper", "data=mnist_5k", "experiment.width=7")
    assert study("rehearse", *words).stdout == "glorot_table: draw 1 h of a processor\n"
    assert command_line.usual_costs("paper", latest(project)) == {}


def test_a_rehearsal_of_an_unknown_experiment_is_one_line(study: Study) -> None:
    done = study("rehearse", "experiment=unknown", "scale=paper")
    assert done.returncode == 1
    assert done.stderr.startswith("error: experiment=unknown: no such experiment; ")


def plain_settings_of_tiny(name: str, *_scales: str) -> dict[str, Any]:
    (overrides,) = configuring.expanded(TINY)
    assert name == NAME
    return configuring.composed(overrides).experiment


def test_of_a_reference_size_the_references_tell_what_a_draw_takes(
    project: Path, make_run: MakeRun
) -> None:
    folder = make_run(project / "outputs" / "reference" / PLACE, catalogue.load(NAME), samples(1.0))
    for file, changes in (
        ("provenance.json", {"processor_seconds": 30.0}),
        ("config.json", {"experiment": {"draws": 10}}),
    ):
        content = json.loads((folder / file).read_text())
        (folder / file).write_text(json.dumps(content | changes))
    assert command_line.usual_costs("reference", latest(project)) == {NAME: {"draw": 3.0}}
    assert command_line.usual_costs("quick", latest(project)) == {}


@pytest.mark.usefixtures("no_figures")
def test_what_other_settings_take_says_nothing_of_an_experiment(
    study: Study, project: Path
) -> None:
    assert study(*TINY).returncode == 0
    assert command_line.usual_costs("reference", latest(project)) == {}


def test_the_main_questions_come_first_and_then_what_takes_longest() -> None:
    jobs = [
        Job(name, None, None, Path())  # type: ignore[arg-type]
        for name in ("cheap", "dear", "main", "unknown")
    ]
    costs = {"cheap": {"draw": 1.0}, "dear": {"draw": 9.0}, "main": {"draw": 3.0}}
    ordered = command_line.in_order(jobs, ("main",), costs)
    assert [job.name for job in ordered] == ["main", "dear", "cheap", "unknown"]


@pytest.mark.usefixtures("no_figures")
def test_the_data_is_named_once_for_all_experiments(study: Study) -> None:
    words = [word for word in TINY if not word.startswith("experiment.width")]
    done = study("-m", *words, "experiment.width=8,9,10")
    assert done.stdout.count("data mnist_5k, the 5,000 embedded images") == 1


# An arm of the reader's ---------------------------------------------------------------------------


@pytest.mark.usefixtures("no_figures")
def test_an_arm_of_ones_own_is_printed_and_drawn_beside_the_others(
    study: Study, project: Path
) -> None:
    done = study(*TINY, "+experiment.arms.mine={weight_variance: 3.0, slope: 0.1}")
    assert done.returncode == 0, done.stderr
    row = next(line for line in done.stdout.splitlines() if "forward_factor" in line)
    assert re.search(r"\d ± \d.* to \d", row)
    (figure,) = latest(project).rglob("figures/own_arms.svg")
    text = figure.read_text(encoding="utf-8")
    assert "mine" in text
    assert "forward_factor" in text


@pytest.mark.usefixtures("no_figures")
def test_without_an_arm_of_ones_own_none_is_drawn(study: Study, project: Path) -> None:
    assert study(*TINY).returncode == 0
    assert not [*latest(project).rglob("own_arms.svg")]
