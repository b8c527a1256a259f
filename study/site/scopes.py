"""Whether advice says where it holds: what a claim departs in or did not vary, it has to name.

A claim says in its departure how its setting differs from its source's, and lists what its
trainings kept constant. Advice that rests on it holds for that setting, and for no more than that.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from study.record.claims import Factor, Outcome, Verdict
from study.record.results import Run

SUBJECTS: Mapping[str, str] = {
    "plain gradient descent": r"plain\b[^.]*\bdescent|without momentum",
    "the momentum": r"(?<!without )\bmomentum\b",
    "the optimiser": r"\bAdam\b|\bdescent\b|\bmomentum\b|\boptimiser",
    "the learning rate": r"\brates?\b",
    "how the learning rate was chosen": r"\bbest\b|\bsearch\b|\bquickest\b",
    "the budget": r"\bupdates?\b|\bepochs?\b",
    "the data": r"\bMNIST\b",
    "the scale of the pixels": r"\bstandardised\b|\b[Pp]ixels? (?:from|between|in \[)",
    "the width": r"\bwid(?:th|ths|e|er)\b|\bunits\b",
    "the depth": r"\blayers?\b|\bblocks?\b|\bdepth\b",
    "the kind of layer": r"[Ff]ully connected|\b[Dd]ense\b|\b[Cc]onvolution",
    "the biases": r"\bbias(?:es)?\b",
    "the gradient that enters at the top": r"\brandom gradient\b",
    "the distribution of the weights": r"\bGaussian\b|\borthogonal\b",
    "the padding": r"\bpadding\b|\bborder\b|\bedges?\b",
    "the kernel": r"\b\d by \d kernels?\b|\bkernels? of \d by \d\b",
    "the channels": r"\bchannels?\b",
    "the groups": r"\bgroups?\b",
    "the stride": r"\bstride\b",
    "the normalisation": r"\bnormalisation\b",
    "the pooling": r"\bpooling\b",
    "the size of the signal": r"\bmean square\b|\bsignal is small\b|\bsmall (?:signal|input)\b",
}
"""What a claim may depart in, and how it and its advice are seen to name it."""
NAMES: Mapping[Factor, str] = {
    Factor.RATE: "the learning rate",
    Factor.OPTIMISER: "the optimiser",
    Factor.PIXELS: "the scale of the pixels",
    Factor.IMAGES: "the data",
    Factor.WIDTH: "the width",
}
"""Under which subject a factor is told that a training kept constant."""
QUICK = re.compile(r"\bAt quick size\b[^.]*\.")
"""What departs at the quick size does not matter to a reference."""
READ_OUT = re.compile(r"\{(?:term|ref|doc)\}`([^`<]*?)(?: <[^`>]*>)?`")
NUMBER = re.compile(r"\{(?:value|setting|verdict|prediction|claim)\}`[^`]*`")

MATHS = re.compile(r"\$[^$]*\$")
DIGITS = re.compile(r"\d+(?:,\d{3})*(?:\.\d+)?")
TOLD = ("departure", "statement", "measured_as", "remark")
"""The fields of a claim that say where it holds."""
NOT_SETTLED = {Outcome.DISAGREES, Outcome.OPEN, Outcome.DEPENDS}
"""What a claim may be that advice on its matter must not be silent about."""
TRAINED = {"learning_rate", "learning_rates", "momentum"}
"""Settings of an experiment that trains; what rests on one has to name the optimiser."""

Judged: TypeAlias = Mapping[str, Any]
"""A claim with its verdict, as a run stores it."""


def subjects(text: str) -> list[str]:
    """Name what a text is about, of :data:`SUBJECTS`.

    >>> subjects("Dense layers of equal width, by plain gradient descent.")
    ['plain gradient descent', 'the optimiser', 'the width', 'the depth', 'the kind of layer']
    """
    return [name for name, pattern in SUBJECTS.items() if re.search(pattern, text)]


def plain(text: str) -> str:
    """Return a text of a page as it is read: roles by their words, numbers by a digit.

    >>> plain("{term}`updates <update>` at {setting}`a_run:width` and a {term}`plateau`")
    'updates at 0 and a plateau'
    """
    return READ_OUT.sub(r"\1", NUMBER.sub("0", text))


def hidden(text: str, claims: Iterable[tuple[Run, Judged]]) -> Iterator[str]:
    """Yield what some claims depart in or did not vary and their advice does not say, in lines.

    Args:
        text: of the advice, with where it holds.
        claims: that it names, each with the run that judges it.
    """
    stated = {*subjects(plain(text))}
    for run, claim in claims:
        departure = QUICK.sub("", claim.get("departure", "")).strip()
        for subject in subjects(departure):
            if subject not in stated:
                yield f"{claim['id']} departs in {subject}, which this does not say: {departure}"
        for factor in claim.get("constant_factors", []):
            if NAMES[Factor(factor)] not in stated:
                yield f"{claim['id']} did not vary {factor}, which this does not say"
        if "the optimiser" not in stated and not TRAINED.isdisjoint(keys(run.settings)):
            yield f"{claim['id']} was measured in training, and this does not name the optimiser"


def unfounded(scope: str, claims: Iterable[tuple[Run, Judged]]) -> Iterator[str]:
    """Yield the numbers of a scope that neither its claims nor the settings of their runs have.

    A mean of 0 needs no ground.

    Args:
        scope: where some advice holds.
        claims: that it names, each with the run that judges it.
    """
    sources = [
        text
        for run, claim in claims
        for text in (*(str(claim.get(field)) for field in TOLD), *map(str, leaves(run.settings)))
    ]
    known_numbers = {number for text in sources for number in numbers(text)}
    for number in dict.fromkeys(numbers(MATHS.sub("", NUMBER.sub("", scope)))):
        if number and number not in known_numbers:
            yield f"{number:.10g} under :where: is in none of the claims and settings of this"


def numbers(text: str) -> list[float]:
    """Return the numbers in a text.

    >>> numbers("10,000 images of 28 by 28, at a rate of 0.1.")
    [10000.0, 28.0, 28.0, 0.1]
    """
    return [float(digits.replace(",", "")) for digits in DIGITS.findall(text)]


def leaves(settings: object) -> Iterator[object]:
    """Yield the values of settings, at any depth.

    >>> list(leaves({"seed": 1, "networks": {"wide": {"widths": [8, 9]}}}))
    [1, 8, 9]
    """
    if isinstance(settings, Mapping):
        for value in settings.values():
            yield from leaves(value)
    elif isinstance(settings, list | tuple):
        for value in settings:
            yield from leaves(value)
    else:
        yield settings


def keys(settings: Mapping[str, Any]) -> Iterator[str]:
    """Yield the names of all fields of settings, at any depth.

    >>> list(keys({"seed": 1, "networks": {"wide": {"width": 8}}}))
    ['seed', 'networks', 'wide', 'width']
    """
    for name, value in settings.items():
        yield name
        if isinstance(value, Mapping):
            yield from keys(value)


def silent(
    claims: Sequence[Judged], every_claim: Iterable[Judged], listed: Iterable[str]
) -> Iterator[str]:
    """Yield what some advice leaves out: verdicts on its matter that do not agree, each in a line.

    Claims are on one matter if one section derives them.

    Args:
        claims: that the advice names.
        every_claim: of the study.
        listed: the ids of those that it names or lists.
    """
    matters = {claim["derivation"]: claim["id"] for claim in claims if claim.get("derivation")}
    for claim in every_claim:
        near = matters.get(claim.get("derivation"))
        verdict = Verdict(claim["verdict"])
        if near and claim["id"] not in listed and verdict.outcome in NOT_SETTLED:
            yield f"{claim['id']} is {verdict} and derived where {near} is: list it, too"
