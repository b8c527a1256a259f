import json
from collections.abc import Callable
from dataclasses import replace
from math import inf, nan
from pathlib import Path
from typing import Any

import pytest

from study.errors import StudyError
from study.record import comparison
from study.record.claims import Verdict
from study.record.comparison import Comparison
from study.record.estimates import Estimate
from study.record.experiment import Experiment, Method
from study.record.results import read_if_there, read_run
from tests.toys import CLAIM

MakeRun = Callable[..., Path]


def no_run(*_: object) -> Any:  # noqa: ANN401 - it returns nothing
    raise AssertionError


TOY = Experiment(
    method=Method(config=object, prepare=no_run, measure=no_run),
    claims=(CLAIM, replace(CLAIM, id="other-claim", quantity="other")),
    figures=(),
)
ONE, NEAR, FAR = [0.99, 1.0, 1.01], [0.98, 1.0, 1.02], [2.99, 3.0, 3.01]


REPRODUCED, CONTRADICTED = Verdict.REPRODUCED, Verdict.CONTRADICTED
INCONCLUSIVE, NOT_TESTED = Verdict.INCONCLUSIVE, Verdict.NOT_TESTED


def row(
    value: float | None,
    verdict: Verdict,
    reference: float | None,
    reference_verdict: Verdict | None,
    *,
    same_setting: bool,
) -> Comparison:
    def made(mean: float | None) -> Estimate | None:
        return None if mean is None else Estimate(mean, 0.2, 9)

    return Comparison(
        claim="id",
        predicted="1",
        value=made(value),
        verdict=verdict,
        reference=made(reference),
        reference_verdict=reference_verdict,
        same_setting=same_setting,
    )


@pytest.mark.parametrize(
    ("value", "verdict", "reference", "reference_verdict", "agreement"),
    [
        (1.0, REPRODUCED, 1.1, REPRODUCED, "yes"),
        (1.0, INCONCLUSIVE, 1.1, INCONCLUSIVE, "yes"),
        (1.0, REPRODUCED, 9.0, REPRODUCED, "no"),
        (1.0, REPRODUCED, 1.1, CONTRADICTED, "no"),
        (1.0, CONTRADICTED, 1.1, REPRODUCED, "no"),
        (1.0, INCONCLUSIVE, 1.1, REPRODUCED, "undecided"),
        (1.0, REPRODUCED, 1.1, INCONCLUSIVE, "undecided"),
        (1.0, REPRODUCED, None, NOT_TESTED, "undecided"),
        (None, NOT_TESTED, 1.1, REPRODUCED, "undecided"),
        (None, NOT_TESTED, None, NOT_TESTED, "undecided"),
        (nan, INCONCLUSIVE, 1.1, REPRODUCED, "no"),
        (1.0, REPRODUCED, None, None, ""),
    ],
)
def test_in_one_setting_means_and_verdicts_decide_on_agreement(
    value: float | None,
    verdict: Verdict,
    reference: float | None,
    reference_verdict: Verdict | None,
    agreement: str,
) -> None:
    columns = (value, verdict, reference, reference_verdict)
    assert row(*columns, same_setting=True).agreement == agreement


@pytest.mark.parametrize(
    ("verdict", "reference_verdict", "agreement"),
    [
        (REPRODUCED, REPRODUCED, "yes"),
        (CONTRADICTED, CONTRADICTED, "yes"),
        (REPRODUCED, CONTRADICTED, "no"),
        (CONTRADICTED, REPRODUCED, "no"),
        (INCONCLUSIVE, REPRODUCED, "undecided"),
        (REPRODUCED, None, ""),
    ],
)
def test_in_another_setting_verdicts_alone_decide_on_agreement(
    verdict: Verdict, reference_verdict: Verdict | None, agreement: str
) -> None:
    columns = (1.0, verdict, 9.0, reference_verdict)
    assert row(*columns, same_setting=False).agreement == agreement


def test_a_run_stands_beside_its_reference_claim_by_claim(
    tmp_path: Path, make_run: MakeRun
) -> None:
    mine = read_run(make_run(tmp_path / "mine", TOY, {"toy": ONE, "other": NEAR}))
    theirs = read_run(make_run(tmp_path / "theirs", TOY, {"toy": NEAR, "other": FAR}))
    rows = comparison.compare(mine, theirs)
    assert [row.claim for row in rows] == ["toy-claim", "other-claim"]
    assert [row.agreement for row in rows] == ["yes", "no"]
    assert [row.value for row in rows] == [mine.values["toy"], mine.values["other"]]
    assert [row.reference for row in rows] == [theirs.values["toy"], theirs.values["other"]]
    assert [row.verdict for row in rows] == [Verdict.REPRODUCED] * 2
    assert rows[1].reference_verdict == Verdict.CONTRADICTED


def test_a_run_without_a_reference_has_nothing_to_agree_with(
    tmp_path: Path, make_run: MakeRun
) -> None:
    mine = read_run(make_run(tmp_path / "mine", TOY, {"toy": ONE}))
    rows = comparison.compare(mine, None)
    assert [row.agreement for row in rows] == ["", ""]
    assert [row.verdict for row in rows] == [Verdict.REPRODUCED, Verdict.NOT_TESTED]


def test_a_claim_that_the_reference_does_not_know_has_nothing_to_agree_with(
    tmp_path: Path, make_run: MakeRun
) -> None:
    mine = read_run(make_run(tmp_path / "mine", TOY, {"toy": ONE, "other": ONE}))
    old = replace(TOY, claims=TOY.claims[:1])
    theirs = read_run(make_run(tmp_path / "theirs", old, {"toy": ONE, "other": ONE}))
    assert [row.agreement for row in comparison.compare(mine, theirs)] == ["yes", ""]


def test_a_single_draw_passes_through_the_files(tmp_path: Path, make_run: MakeRun) -> None:
    mine = read_run(make_run(tmp_path / "mine", TOY, {"toy": [1.0]}))
    (row, _) = comparison.compare(mine, None)
    assert row.value == Estimate(1.0, inf, 1)
    assert row.verdict == Verdict.INCONCLUSIVE


@pytest.mark.parametrize(
    ("made", "problem"),
    [
        ({"scale": "quick"}, "the run's scale is quick, not reference"),
        ({"data": "mnist_5k"}, "the run's data is mnist_5k, not mnist"),
        ({"dirty": True}, "the run was made from a tree with uncommitted changes"),
    ],
)
def test_only_a_clean_run_of_reference_size_on_mnist_becomes_the_reference(
    tmp_path: Path, make_run: MakeRun, made: dict[str, Any], problem: str
) -> None:
    run = read_run(make_run(tmp_path / "toy", TOY, {"toy": ONE}, **made))
    with pytest.raises(StudyError) as raised:
        comparison.promote(run, tmp_path / "reference")
    assert str(raised.value) == f"promote toy: {problem}"
    assert not (tmp_path / "reference").exists()


def test_the_reference_becomes_a_copy_of_the_run(tmp_path: Path, make_run: MakeRun) -> None:
    run = read_run(make_run(tmp_path / "toy", TOY, {"toy": ONE}))
    make_run(tmp_path / "reference", TOY, {"toy": FAR})
    comparison.promote(run, tmp_path / "reference")
    reference = read_run(tmp_path / "reference")
    assert reference.values == run.values
    assert json.dumps(reference.judgements) == json.dumps(run.judgements)


def test_the_controls_beside_a_reference_stay(tmp_path: Path, make_run: MakeRun) -> None:
    run = read_run(make_run(tmp_path / "toy", TOY, {"toy": ONE}))
    (make_run(tmp_path / "reference", TOY, {"toy": FAR}) / "controls.json").write_text("[]")
    comparison.promote(run, tmp_path / "reference")
    assert (tmp_path / "reference" / "controls.json").read_text() == "[]"


def test_a_reference_is_read_only_where_there_is_one(tmp_path: Path, make_run: MakeRun) -> None:
    assert read_if_there(tmp_path / "toy") is None
    make_run(tmp_path / "toy", TOY, {"toy": ONE})
    assert read_if_there(tmp_path / "toy") == read_run(tmp_path / "toy")


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({}, []),
        ({"scale": "quick"}, []),  # the word is not measured, the settings behind it are
        ({"width": 9}, ["width: 9, not 8"]),
        ({"data": "mnist_5k"}, ["data: mnist_5k, not mnist"]),
        ({"width": 9, "data": "mnist_5k"}, ["width: 9, not 8", "data: mnist_5k, not mnist"]),
    ],
)
def test_two_runs_measure_the_same_unless_settings_or_data_differ(
    tmp_path: Path, make_run: MakeRun, change: dict[str, Any], found: list[str]
) -> None:
    mine = read_run(make_run(tmp_path / "mine", TOY, {"toy": ONE, "other": ONE}, **change))
    theirs = read_run(make_run(tmp_path / "theirs", TOY, {"toy": ONE, "other": ONE}))
    assert comparison.differences(mine, theirs) == found
    assert {row.same_setting for row in comparison.compare(mine, theirs)} == {not found}


@pytest.mark.parametrize("key", ["seed", "draws"])
def test_more_or_other_draws_measure_the_same(tmp_path: Path, make_run: MakeRun, key: str) -> None:
    mine = read_run(make_run(tmp_path / "mine", TOY, {"toy": ONE}))
    theirs = replace(mine, settings={"experiment": {"width": 8, key: 5}})
    assert comparison.differences(mine, theirs) == []


@pytest.mark.parametrize(
    ("one", "two", "found"),
    [
        ({"a": 1}, {"a": 1}, []),
        ({"a": 1}, {"a": 2}, ["a: 1, not 2"]),
        ({"a": {"b": 1}}, {"a": {"b": 2}}, ["a.b: 1, not 2"]),
        ({"a": 1}, {"b": 1}, ["a: 1, not None", "b: None, not 1"]),
        ({"a": [1, 2]}, {"a": [1, 3]}, ["a: [1, 2], not [1, 3]"]),
        ({"b": 1, "a": 1}, {"a": 2, "b": 2}, ["a: 1, not 2", "b: 1, not 2"]),
    ],
)
def test_differing_settings_are_named(one: object, two: object, found: list[str]) -> None:
    assert list(comparison.differing(one, two)) == found
