"""How the project is written, as far as a machine can tell."""

import re
import shutil
import subprocess
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[1]


PLACES = ("*.md", ".github/*.md", "docs/**/*.md", "study/**/*.md", "outputs/reference/*.md")


def pages() -> list[Path]:
    generated = PROJECT / "docs" / "experiments"
    found = [page for place in PLACES for page in PROJECT.glob(place)]
    return sorted(page for page in found if generated not in page.parents)


def project_files() -> list[Path]:
    """Name the files that git knows or would know."""
    git = shutil.which("git")
    command = [str(git), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    done = git and subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    if not done or done.returncode:
        pytest.skip("the project is not in a git repository here")
    return [PROJECT / name for name in done.stdout.split("\0") if name]


# What counts as prose ----------------------------------------------------------------------------


def outside_fences(text: str) -> Iterator[tuple[int, str]]:
    """Yield the numbered lines of Markdown outside code and displayed mathematics.

    What stands between colons is prose in a box, so only the colons are left out.
    """
    fence = ""
    for number, line in enumerate(text.splitlines(), start=1):
        mark = re.match(r"\s*(`{3,}|~{3,}|\$\$(?!.*\$\$))", line)
        if fence:
            label = r"(\s*\(.*\))?" if fence == "$$" else ""
            fence = "" if re.fullmatch(rf".*{re.escape(fence)}{label}\s*", line) else fence
        elif mark:
            fence = mark[1]
        elif not re.match(r"\s*:{3,}", line):
            yield number, line


def prose(text: str) -> Iterator[tuple[int, str]]:
    """Yield the lines of Markdown without code, roles, mathematics, links' targets and titles."""
    for number, line in outside_fences(text):
        if re.match(r"\s*(\||#|<|\[[^\]]+\]:|\(.*\)=$|:?[-\w]+:(\s|$)|%)", line):
            continue  # a table, heading, tag, link target, label, field of a header or comment
        plain = re.sub(r"(\{[\w-]+\})?(`+).*?\2", "x", line)
        plain = re.sub(r"(\$+)[^$]+\1", "x", plain)
        plain = re.sub(r"\]\([^)]*\)", "]", plain)
        plain = re.sub(r"<[^>]+>|https?://\S+", "x", plain)
        plain = re.sub(r"“[^”]*”|\*[^*]+\*", "x", plain)
        yield number, plain


# The rules ---------------------------------------------------------------------------------------

ABBREVIATIONS = r"(?<!e\.g)(?<!i\.e)(?<!et al)(?<!cf)(?<!vs)(?<!\bFig)(?<!\bSec)(?<!\b[A-Z])"
SECOND_SENTENCE = re.compile(rf"{ABBREVIATIONS}(?<!^\d)(?<!^\s\d)[.!?][”)\]]?\s+[“(\[]?[A-Z]")

AMERICAN = re.compile(
    r"\b(?:re|un|de)?(?:"
    r"(?:initiali|normali|standardi|generali|optimi|visuali|summari|minimi|maximi|organi|recogni"
    r"|randomi|regulari|parametri|utili|emphasi|reali|speciali|categori|characteri|seriali)z\w*"
    r"|analyz\w*|behavior\w*|color\w*|favor\w*|neighbor\w*|honor\w*|center\w*|meters?|fiber\w*"
    r"|model(?:ing|ed|er)|label(?:ing|ed)|travel(?:ing|ed)|cancel(?:ing|ed)|gray|catalogs?"
    r"|artifacts?|license[ds]\b(?<!d)|defense|judgment\w*|fulfill\b|skeptic\w*"
    r")\b",
    re.IGNORECASE,
)

PRAISE = re.compile(
    r"\b(?:powerful|seamless(?:ly)?|blazing(?:ly)?|simply|obviously|clearly|easily|effortless(?:ly)?"
    r"|state[- ]of[- ]the[- ]art|robust(?:ly)?|elegant(?:ly)?|beautiful(?:ly)?|cutting[- ]edge"
    r"|world[- ]class|best[- ]in[- ]class|comprehensive(?:ly)?|unparalleled|rigorous(?:ly)?"
    r"|state[- ]of[- ]art|lightning[- ]fast|rich set|delightful(?:ly)?|just works)\b",
    re.IGNORECASE,
)

IN_HOUSE = re.compile(
    r"\b(?:(?<!standard )deviations?(?! from)|mates?|told (?:right|wrong)(?:ly)?|pencil"
    r"|planted faults?|straddl\w+|some hundred|as likely as not)\b",
    re.IGNORECASE,
)
"""Words of ours for what the field has a word for, or that a student would have to guess."""

TYPED_BY_HAND = re.compile(r"\d\s*±|±\s*\d")

MACHINE_PATH = re.compile(r"(?<![\w.])(?:/wor[k]/|/tm[p]/v\b|/roo[t]/|/hom[e]/\w)")


def broken(rule: re.Pattern[str], lines: Iterable[tuple[int, str]]) -> list[str]:
    """Name the lines that break a rule, with what breaks it."""
    return [f"line {number}: {found[0]}" for number, line in lines if (found := rule.search(line))]


def offenders(
    rule: re.Pattern[str], lines_of: Callable[[str], Iterable[tuple[int, str]]]
) -> list[str]:
    """Hold every page against a rule, and list what it finds."""
    return [
        f"{page.relative_to(PROJECT)}, {offender}"
        for page in pages()
        for offender in broken(rule, lines_of(page.read_text(encoding="utf-8")))
    ]


def test_there_are_pages() -> None:
    assert len(pages()) > 20


def test_a_line_holds_one_sentence() -> None:
    assert offenders(SECOND_SENTENCE, prose) == []


def test_words_are_spelt_as_in_britain() -> None:
    assert offenders(AMERICAN, prose) == []


def test_the_project_does_not_praise_itself() -> None:
    assert offenders(PRAISE, prose) == []


def test_words_are_those_of_the_field() -> None:
    # The changelog says what was in the words of its day.
    found = [one for one in offenders(IN_HOUSE, prose) if not one.startswith("CHANGELOG.md")]
    assert found == []


def test_displayed_mathematics_stands_in_fences() -> None:
    assert offenders(re.compile(r"\\begin\{"), outside_fences) == []


def test_no_result_is_typed_by_hand() -> None:
    assert offenders(TYPED_BY_HAND, lambda text: enumerate(text.splitlines(), start=1)) == []


def test_no_file_names_a_place_on_one_machine() -> None:
    found = []
    for file in project_files():
        try:
            lines = file.read_text(encoding="utf-8").splitlines()
        except (UnicodeDecodeError, OSError):  # not text, or deleted and not yet committed
            continue
        at = file.relative_to(PROJECT).as_posix()
        found += [
            f"{at} {offender}" for offender in broken(MACHINE_PATH, enumerate(lines, start=1))
        ]
    assert found == []


# The rules find what they are for ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "line"),
    [
        (SECOND_SENTENCE, "It halves. The next one, too."),
        (SECOND_SENTENCE, "It halves (so they say). Does it?"),
        (SECOND_SENTENCE, "- It halves! In [the paper](x.md) it does."),
        (AMERICAN, "We normalize it."),
        (AMERICAN, "The initialization matters."),
        (AMERICAN, "Its behavior is that of its neighbors."),
        (AMERICAN, "The color of the center."),
        (AMERICAN, "Unlabeled."),
        (AMERICAN, "Modeling."),
        (AMERICAN, ":::{note}\nA color.\n:::"),
        (AMERICAN, "$$\nx\n$$ (eq-x)\nA color."),
        (PRAISE, "A powerful tool."),
        (PRAISE, "Simply run it."),
        (PRAISE, "State-of-the-art."),
        (IN_HOUSE, "The deviation of a weight."),
        (IN_HOUSE, "Each output depends on its mates."),
        (IN_HOUSE, "Nine of ten images are told right."),
        (IN_HOUSE, "The interval straddles an end of the band."),
        (IN_HOUSE, "It takes some hundred updates."),
        (IN_HOUSE, "The claim fails under its planted fault."),
        (TYPED_BY_HAND, "It is 0.50 ± 0.01."),
        (MACHINE_PATH, "cd /" + "work/main"),
        (MACHINE_PATH, "in /" + "root/data"),
    ],
)
def test_a_rule_finds_what_it_is_for(rule: re.Pattern[str], line: str) -> None:
    lines = [(1, line)] if rule is MACHINE_PATH else list(prose(line))
    assert len(broken(rule, lines)) == 1


@pytest.mark.parametrize(
    "text",
    [
        "He et al. (2015) say so, e.g. MNIST, i.e. Digits, by A. Author.",
        "1. First it is done.",
        "It is `torch.nn.init. Xavier` and {value}`color.of. It`.",
        "As in *Analyzing Color. A Title* and “initialization. It”.",
        "It stands [here](https://a.b/Color. It).",
        "| normalize | a. B |",
        "```\nnormalize. It\n```",
        "$$\nx. Color\n$$",
        "$$x. Color$$",
        "$$\nx. Color\n$$ (eq-color)\n\nSo it is.",
        ":::{note}\n:class: color\nIt is.\n:::",
        "Initialisation, behaviour, colour, centre, size, a prize, metre, label, model.",
        "[label]: https://a.b/color",
        "The standard deviation, and a deviation from 1.",
    ],
)
def test_no_rule_finds_fault_with_good_lines(text: str) -> None:
    lines = list(prose(text))
    for rule in (SECOND_SENTENCE, AMERICAN, PRAISE, IN_HOUSE):
        assert broken(rule, lines) == []
