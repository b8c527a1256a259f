"""Each box of advice says what its claims depart in, and hides none that disagrees; if it did not,
it would be noticed."""

import re
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from study.record.claims import Factor, Verdict
from study.record.results import Run
from study.site import library, scopes

ROOT = Path(__file__).parents[2]
STUDY = library.load(ROOT)
PAGE = (ROOT / "docs" / "which-initialisation.md").read_text(encoding="utf-8")


@dataclass(frozen=True)
class Box:
    """A box of advice as the page has it: its text, with where it holds, and its claims."""

    text: str
    where: str
    names: tuple[str, ...]
    beside: tuple[str, ...]

    @property
    def title(self) -> str:
        return self.text[:40]

    @property
    def claims(self) -> list[tuple[Run, dict[str, Any]]]:
        return [STUDY.claim(name) for name in self.names]

    def hidden(self) -> list[str]:
        return list(scopes.hidden(self.text, self.claims))

    def unfounded(self) -> list[str]:
        return list(scopes.unfounded(self.where, self.claims))

    def silent(self) -> list[str]:
        named = [claim for _, claim in self.claims]
        every_claim = [claim for _, claim in STUDY.claims.values()]
        return list(scopes.silent(named, every_claim, {*self.names, *self.beside}))


def boxes() -> list[Box]:
    made = []
    for content in re.findall(r":::\{advice\}\n(.*?)\n:::", PAGE, re.DOTALL):
        options = dict(re.findall(r"^:([a-z-]+): (.*)$", content, re.MULTILINE))
        body = re.sub(r"^:[a-z-]+: .*\n", "", content, flags=re.MULTILINE)
        names = " ".join(options.get(key, "") for key in ("rests-on", "against", "open")).split()
        beside = tuple(options.get("beside", "").split())
        where = options["where"]
        made.append(Box(f"{body}\n{where}", where, tuple(names), beside))
    return made


BOXES = {box.title: box for box in boxes()}
DEPARTURES = [
    (title, subject)
    for title, box in BOXES.items()
    for subject in scopes.subjects(
        " ".join(scopes.QUICK.sub("", claim.get("departure", "")) for _, claim in box.claims)
    )
]
LISTED = [
    (title, name)
    for title, box in BOXES.items()
    for name in (*box.names, *box.beside)
    if Verdict(STUDY.claim(name)[1]["verdict"]).outcome in scopes.NOT_SETTLED
]


def test_the_page_has_boxes_that_depart_and_that_list_what_does_not_agree() -> None:
    assert len(BOXES) > 25
    assert len(DEPARTURES) > 60
    assert len(LISTED) > 12


@pytest.mark.parametrize("title", BOXES)
def test_a_box_hides_nothing(title: str) -> None:
    assert BOXES[title].hidden() == BOXES[title].silent() == BOXES[title].unfounded() == []


@pytest.mark.parametrize(("title", "subject"), DEPARTURES)
def test_a_box_that_did_not_say_what_its_claim_departs_in_would_be_noticed(
    title: str, subject: str
) -> None:
    text = re.sub(scopes.SUBJECTS[subject], "so", scopes.plain(BOXES[title].text))
    hidden = replace(BOXES[title], text=text).hidden()
    assert any(f"departs in {subject}, which this does not say" in line for line in hidden)


@pytest.mark.parametrize(
    "title", [title for title, box in BOXES.items() if re.search(r" \d\d", box.where)]
)
def test_a_number_that_is_not_that_of_its_claims_would_be_noticed(title: str) -> None:
    box = BOXES[title]
    where = re.sub(r" (\d\d+(?:,\d{3})*)", r" \g<1>.07", box.where)
    assert any(
        ".07 under :where: is in none" in line for line in replace(box, where=where).unfounded()
    )


@pytest.mark.parametrize(("title", "name"), LISTED)
def test_a_verdict_that_a_box_left_out_would_be_noticed(title: str, name: str) -> None:
    box = BOXES[title]
    names, beside = (tuple({*names} - {name}) for names in (box.names, box.beside))
    (line,) = replace(box, names=names, beside=beside).silent()
    assert line.startswith(f"{name} is ")


# By hand -----------------------------------------------------------------------------------------


def judged(departure: str = "", **fields: str) -> dict[str, str]:
    return {"id": "one", "departure": departure, "verdict": "reproduced", **fields}


def run_of(**settings: object) -> Any:  # noqa: ANN401 - stands for a run
    return SimpleNamespace(settings={"experiment": settings})


def test_the_optimiser_has_to_be_named_with_its_kind() -> None:
    claim = judged("Two hundred updates of plain descent.")
    told = list(scopes.hidden("In so many updates with momentum.", [(run_of(), claim)]))
    assert [line.split(",")[0] for line in told] == ["one departs in plain gradient descent"]
    assert not [*scopes.hidden("By plain gradient descent, 200 updates.", [(run_of(), claim)])]


@pytest.mark.parametrize("factor", Factor)
def test_what_a_training_did_not_vary_has_to_be_named(factor: Factor) -> None:
    claim = judged() | {"constant_factors": [str(factor)]}
    (line,) = scopes.hidden("Do this.", [(run_of(), claim)])
    assert line == f"one did not vary {factor}, which this does not say"
    whole = "Two layers 64 wide on standardised images of MNIST, by Adam at a rate of 0.1."
    assert not [*scopes.hidden(whole, [(run_of(), claim)])]


def test_what_departs_at_quick_size_only_need_not_be_said() -> None:
    claim = judged("At quick size 10 layers on MNIST stand for 30.")
    assert not [*scopes.hidden("Do this.", [(run_of(), claim)])]


def test_the_optimiser_of_a_training_has_to_be_named_whatever_a_claim_says() -> None:
    run = run_of(courses={"deep": {"learning_rates": [0.1]}})
    (line,) = scopes.hidden("Do this in dense layers.", [(run, judged())])
    assert line == "one was measured in training, and this does not name the optimiser"
    assert not [*scopes.hidden("Do this with Adam.", [(run, judged())])]
    assert not [*scopes.hidden("Do this.", [(run_of(width=8), judged())])]


def test_names_within_roles_say_nothing() -> None:
    text = "{value}`training:updates.of_momentum` and {term}`layers of the net <width>`"
    assert scopes.plain(text) == "0 and layers of the net"


def test_a_number_has_its_ground_in_a_claim_or_in_a_setting() -> None:
    pair = (run_of(networks={"wide": {"widths": [128]}}), judged("On 10,000 images."))
    scope = "layers of width 128 on 10,000 images, {setting}`a:b_77` updates, mean 0, $7/9$"
    assert not [*scopes.unfounded(scope, [pair])]
    (line,) = scopes.unfounded("layers of width 64 on 10,000 images", [pair])
    assert line.startswith("64 under :where: is in none of the claims")


@pytest.mark.parametrize(
    ("verdict", "is_told"),
    [("inconclusive", True), ("depends", True), ("contradicted", True), ("reproduced", False)],
)
def test_a_verdict_on_the_same_matter_is_told_unless_it_agrees(
    verdict: str, *, is_told: bool
) -> None:
    one = judged(derivation="here")
    other = {"id": "other", "derivation": "here", "verdict": verdict}
    elsewhere = {**other, "id": "elsewhere", "derivation": "there"}
    nowhere = {**other, "id": "nowhere", "derivation": None}
    told = list(scopes.silent([one], [one, other, elsewhere, nowhere], {"one"}))
    assert [line.split()[0] for line in told] == (["other"] if is_told else [])
    assert not [*scopes.silent([one], [one, other], {"one", "other"})]
