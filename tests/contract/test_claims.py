"""What every claim keeps to beside what it checks itself when it is made."""

import re
from collections import Counter
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from study import catalogue, configuring
from study.errors import StudyError
from study.record.claims import Claim, Factor, Kind, Outcome, judge, refuses_rival
from study.record.git import git
from study.record.results import read_if_there
from study.record.retired import RETIRED
from study.site.scopes import TRAINED, keys
from study.theory.sources import GLOROT_2010, HE_2015, NOTES
from tests.subjects import subjects

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from study.record.claims import Untested
    from study.record.results import Run

NAMES = subjects()
ROOT = Path(__file__).parents[2]
IDS = ROOT / "tests" / "claim_ids.txt"
"""The id of every statement: whoever cites one has to find it."""
LEANING = re.compile(
    r"\b([Tt]his|[Tt]hat|[Tt]hese|[Tt]hose) (activation|bias|cosine|cost|depth|deviation|factor"
    r"|gain|gap|gradient|image|initialisation|input|law|layer|logarithm|loss|network|number|output"
    r"|phase|point|product|sample|scale|share|shape|signal|singular|time|training|unit|value"
    r"|variance|weight)e?s?\b"
    r"|\b(in|on|at|of) (them|it|this|these)[.:;]"
    r"|^(It|Its|They|Their|There|Here|So|These|This|Those|That|The (same|other|others)"
    r"|With (it|them))\b"
    r"|\b[Tt]he same (network|holds|is true|goes)|\b[Tt]he other (two|three|four)\b|\b[Tt]he latter"
)
"""How a statement leans on another: its reader has only this one, on a card or in a citation."""


WORDS = {
    Factor.RATE: r"\brates?\b",
    Factor.OPTIMISER: r"\bAdam\b|\bdescent\b|\bmomentum\b",
    Factor.PIXELS: r"\bpixels\b|\bstandardised\b",
    Factor.IMAGES: r"\bShapeset\b",
    Factor.WIDTH: r"\bunits wide\b|\blayers of \d+ units\b",
}
"""How the choices of a claim name what they vary."""
OPEN_TO_NO_CHOICE = {
    "vanilla-ten-thousand": "that there is a way was shown by one",
    "fixup-ten-thousand": "that there is a way was shown by one",
    "s003-input-scale": "it is read before training",
}
"""Findings of experiments that train which no other choice could turn, and why."""


def statements() -> "Iterator[Claim | Untested]":
    for name in NAMES:
        experiment = catalogue.load(name)
        yield from experiment.claims
        yield from experiment.untested


def leaning(texts: "Iterable[str]") -> list[str]:
    return [text for text in texts if LEANING.search(text)]


def test_no_two_statements_share_an_id() -> None:
    counts = Counter(one.id for one in statements())
    assert [id_ for id_, count in counts.items() if count > 1] == []


def test_no_two_statements_say_the_same() -> None:
    counts = Counter(one.statement for one in statements())
    assert [statement for statement, count in counts.items() if count > 1] == []


def test_no_statement_comes_unnoticed() -> None:
    listed = IDS.read_text(encoding="utf-8").split()
    absent = [one.id for one in statements() if one.id not in listed]
    assert not absent, f"not in tests/claim_ids.txt: {', '.join(absent)}"
    assert listed == sorted(listed), "tests/claim_ids.txt: must be in order"


@pytest.mark.together
def test_no_statement_goes_unnoticed() -> None:
    ids = {one.id for one in (*statements(), *RETIRED)}
    orphans = [id_ for id_ in IDS.read_text(encoding="utf-8").split() if id_ not in ids]
    assert not orphans, f"tests/claim_ids.txt: of no experiment: {', '.join(orphans)}"


def test_an_id_that_was_ever_listed_is_listed() -> None:
    """Whoever drops a claim and its line here at once still owes its readers a tombstone."""
    try:
        log = git(ROOT, "log", "--patch", "--format=", "--", str(IDS)).decode()
    except StudyError:
        pytest.skip("no history here")
    ever = set(re.findall(r"^[-+]([a-z0-9]+(?:-[a-z0-9]+)*)$", log, re.MULTILINE))
    dropped = sorted(ever - {*IDS.read_text(encoding="utf-8").split()})
    assert not dropped, f"give them tombstones in study/record/retired.py: {', '.join(dropped)}"


@pytest.mark.together
def test_a_tombstone_names_a_place_and_a_successor_that_there_are() -> None:
    ids = {one.id for one in statements()}
    assert [one.id for one in RETIRED if one.experiment not in NAMES or one.id in ids] == []
    assert [one.id for one in RETIRED if one.successor not in {None, *ids}] == []


def test_every_experiment_claims_something() -> None:
    assert [name for name in NAMES if not catalogue.load(name).claims] == []


def test_a_statement_can_be_read_without_another() -> None:
    assert leaning(one.statement for one in statements()) == []


@pytest.mark.parametrize(
    "statement",
    [
        "In bfloat16 this signal is zero from layer 243.",
        "The variance of that logarithm grows by about 5/n per layer.",
        "Its standard deviations should be 0.059, 0.042, 0.029 and 0.021.",
        "It has no gain for GELU.",
        "With it the signal settles, too.",
        "With Gaussian weights it learns next to nothing in them.",
        "The same holds of networks of 200 layers.",
        "With a standard initialisation the signal of the same network overflows.",
        "Networks of sigmoids converge more slowly than those of the other three.",
    ],
)
def test_a_statement_that_leans_on_another_is_noticed(statement: str) -> None:
    assert leaning([statement]) == [statement]


def trained() -> "Iterator[Claim]":
    """Yield the findings of experiments that train, and the advice."""
    for name in NAMES:
        if not TRAINED.isdisjoint(keys(configuring.plain_settings(name, "reference"))):
            for claim in catalogue.load(name).claims:
                if claim.kind in {Kind.FINDING, Kind.ADVICE} and claim.id not in OPEN_TO_NO_CHOICE:
                    yield claim


def varied_and_constant(claim: Claim) -> set[Factor]:
    """Return what a claim says that it keeps constant, though its readings vary it."""
    choices = " ".join([claim.choice, *(reading.choice for reading in claim.readings)])
    return {
        factor
        for factor in claim.constant_factors
        if re.search(WORDS[factor], choices, re.IGNORECASE)
    }


def test_what_a_training_found_says_what_was_not_varied() -> None:
    silent = [one.id for one in trained() if not (one.constant_factors or one.readings)]
    assert silent == []


def test_nothing_is_constant_that_a_reading_varies() -> None:
    claims = [one for one in statements() if isinstance(one, Claim)]
    assert [one.id for one in claims if varied_and_constant(one)] == []


@pytest.mark.together
def test_a_factor_that_is_varied_and_called_constant_is_noticed() -> None:
    claim = next(one for one in trained() if "Adam" in one.choice + str(one.readings))
    assert varied_and_constant(replace(claim, constant_factors=tuple(Factor))) >= {Factor.OPTIMISER}


def test_a_departure_that_is_none_is_left_out() -> None:
    nothing = re.compile(r"None(\.|: (it|the statement) is .*\babout (this|these) \w+\.)$")
    departures = {one.id: getattr(one, "departure", "") for one in statements()}
    assert [id_ for id_, text in departures.items() if nothing.match(text)] == []


def test_no_reason_or_departure_sends_the_reader_to_another_claim() -> None:
    short = [
        f"{one.id}: {field}={text}"
        for one in statements()
        for field in ("reason", "departure")
        if re.match(r"As (for|above|before)\b|A count\.$", text := getattr(one, field, ""))
    ]
    assert short == []


@pytest.mark.parametrize("name", NAMES)
def test_predictions_are_the_numbers_that_the_tests_of_an_experiment_derive(name: str) -> None:
    tests = import_module(f"tests.experiments.{catalogue.group(name)}.test_{name}")
    predicted = {claim.id: claim.prediction for claim in catalogue.load(name).claims}
    assert predicted == tests.PREDICTIONS


REFERENCE = Path(__file__).parents[2] / "outputs" / "reference"


def claims() -> "Iterator[tuple[Run, Claim]]":
    for name in NAMES:
        run = read_if_there(REFERENCE / catalogue.place(name))
        if run is not None:  # a new experiment has none yet
            yield from ((run, claim) for claim in catalogue.load(name).claims)


def test_a_source_is_quoted_with_what_it_is_charged_with() -> None:
    quoted = {GLOROT_2010, HE_2015, *NOTES}
    charged = [one for name in NAMES for one in catalogue.load(name).claims]
    exact = re.compile("“|equation|figure|table|`")  # a sentence, or what is printed
    silent = [one for one in charged if not exact.search(one.source.locator)]
    assert [one.id for one in silent if one.source.work in quoted] == []


def test_the_nearest_rival_of_a_law_is_contradicted_by_the_same_samples() -> None:
    agreeing = [
        (run, claim)
        for run, claim in claims()
        if claim.rival and judge(claim, run.values, run.data).outcome == Outcome.AGREES
    ]
    assert [claim.id for run, claim in agreeing if not refuses_rival(claim, run.values)] == []


def test_a_number_that_no_draw_touches_is_no_law_or_finding_of_chance() -> None:
    sampled = {Kind.LAW, Kind.FINDING}
    exact = [
        claim.id
        for run, claim in claims()
        if claim.kind in sampled and run.values[claim.quantity].exact
    ]
    assert exact == []


def test_a_corrected_form_is_derived() -> None:
    corrected = [claim.corrected for _, claim in claims() if claim.corrected]
    assert [claim.id for claim in corrected if not claim.derivation] == []
