"""Say what newer versions change: which they are, what they stale, and what to pin then.

``nox -s upgrade`` calls it with pip's report on what it would install, and again, once the tests
have run on these versions, with their report.
"""

import argparse
import json
import platform
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version
from rich.console import Console
from rich.table import Table

from study.record.provenance import COMPUTING

ROOT = Path(__file__).parents[1]
CONSTRAINTS = ROOT / "constraints.txt"
REFERENCES = "tests.contract.test_references"
"""The tests that make the first draws again and read verdicts and figures of all references."""
NONE = "none"


def main(arguments: Sequence[str]) -> int:
    """Print a table of versions and, with a report of the tests, what they say.

    Args:
        arguments: the file of pip's report and, after the tests, that of theirs.

    Returns:
        The exit status: 0 unless a test failed.
    """
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("plan", type=Path)
    parser.add_argument("tests", type=Path, nargs="?")
    given = parser.parse_args(arguments)
    constraints = CONSTRAINTS.read_text(encoding="utf-8")
    found = newest(json.loads(given.plan.read_text(encoding="utf-8")))
    changes = changed(pins(constraints), found)
    console = Console(highlight=False, soft_wrap=True)
    console.print(table(changes))
    for line in warnings(changes):
        console.print(line)
    if given.tests is None:
        return 0
    names = [path.parent.name for path in (ROOT / "outputs/reference").rglob("provenance.json")]
    failed = dict(failures(given.tests))
    again, stale = made_again(given.tests, names), staled(failed, names)
    console.print(f"References whose first draw was made again: {len(again)} of {len(names)}.")
    console.print(f"References that do not come out on these versions: {listed(stale)}.")
    console.print(f"Tests that fail on them: {len(failed)}.")
    new = given.plan.with_name(CONSTRAINTS.name)
    new.write_text(merged(constraints, found), encoding="utf-8")
    console.print(f"The constraints to commit, should you take them: {new}")
    return 1 if failed else 0


def pins(constraints: str) -> dict[str, str]:
    """Return the version of each package that the constraints pin on this Python."""
    return {
        canonicalize_name(pin.name): pinned(pin)
        for line in constraints.splitlines()
        if (pin := requirement(line)) and applies(pin)
    }


def requirement(line: str) -> Requirement | None:
    """Read a line of the constraints; a comment or an empty line holds none."""
    text = line.partition("#")[0].strip()
    return Requirement(text) if text else None


def pinned(pin: Requirement) -> str:
    """Return the version that a pin names."""
    return str(pin.specifier).removeprefix("==")


def applies(pin: Requirement) -> bool:
    """Say whether a pin is for this Python and this system."""
    return pin.marker is None or pin.marker.evaluate()


def newest(report: Mapping[str, Any]) -> dict[str, str]:
    """Return the version of each package that pip would install, without how it was built.

    Args:
        report: what ``pip install --report`` writes.
    """
    found = (item["metadata"] for item in report["install"])
    return {canonicalize_name(one["name"]): Version(one["version"]).public for one in found}


def changed(old: Mapping[str, str], new: Mapping[str, str]) -> list[tuple[str, str, str]]:
    """Return name, pinned and newest version of each package where the two differ."""
    versions = ((name, old.get(name, NONE), new.get(name, NONE)) for name in sorted({*old, *new}))
    return [row for row in versions if row[1] != row[2]]


def table(changes: Sequence[tuple[str, str, str]]) -> Table:
    """Lay out what would change."""
    title = f"What would change on Python {platform.python_version()}"
    laid = Table("package", "pinned", "newest", title=title)
    for row in changes:
        laid.add_row(*row)
    return laid


def warnings(changes: Sequence[tuple[str, str, str]]) -> Iterator[str]:
    """Yield what has to be known before these versions are taken."""
    for name, old, new in changes:
        if name in COMPUTING:
            yield (
                f"{name} {new} for {old} enters every fingerprint: each stored draw and each "
                "negative control would be made anew."
            )
    if any(name.startswith("nvidia-") for name, _, _ in changes):
        yield (
            "This torch brings CUDA with it, which is gigabytes; torch==VERSION after -- holds "
            "it back."
        )


def failures(report: Path) -> Iterator[tuple[str, str]]:
    """Yield the name of each test that failed, and what it said.

    Args:
        report: the JUnit XML that pytest wrote.
    """
    for case in ET.parse(report).iter("testcase"):  # noqa: S314 - of our own pytest
        parts = [part.text or "" for kind in ("failure", "error") for part in case.findall(kind)]
        if parts:
            # The other lines quote the test's source.
            said = re.findall(r"^E .*", "\n".join(parts), re.MULTILINE)
            yield f"{case.get('classname')}::{case.get('name')}", "\n".join(said)


def made_again(report: Path, names: Sequence[str]) -> set[str]:
    """Return the experiments that a test of their reference ran for, well or not.

    Without the four MNIST files none does, and nothing is known of any.

    Args:
        report: the JUnit XML that pytest wrote.
        names: the experiments that have a reference.
    """
    cases = ET.parse(report).iter("testcase")  # noqa: S314 - of our own pytest
    ids = [case.get("name", "") for case in cases if ran(case)]
    # Behind the brackets pytest-xdist may add the group.
    return {name for name in names if any(f"[{name}]" in test for test in ids)}


def ran(case: ET.Element) -> bool:
    """Say whether a test is one of the references, and was not skipped."""
    return case.get("classname") == REFERENCES and case.find("skipped") is None


def staled(failed: Mapping[str, str], names: Sequence[str]) -> list[str]:
    """Return the experiments whose reference the failed tests name, in their id or their message.

    Args:
        failed: what each failed test said, by its name.
        names: the experiments that have a reference.
    """
    texts = [f"{test}\n{said}" for test, said in failed.items() if test.startswith(REFERENCES)]
    return sorted(name for name in names if any(re.search(rf"\b{name}\b", text) for text in texts))


def merged(constraints: str, new: Mapping[str, str]) -> str:
    """Return the constraints with other versions; a pin for another Python or system stays.

    Args:
        constraints: the text of the constraints as they are.
        new: the version of every package that is needed here.
    """
    comments, lines, known = [], [], set()
    for line in constraints.splitlines():
        pin = requirement(line)
        if pin is None:
            comments.append(line)
        elif not applies(pin):
            lines.append(line)
        elif (name := canonicalize_name(pin.name)) in new:
            known.add(name)
            lines.append(line.replace(f"=={pinned(pin)}", f"=={new[name]}", 1))
    lines += [f"{name}=={version}" for name, version in new.items() if name not in known]
    return "\n".join([*comments, *sorted(lines, key=str.casefold), ""])


def listed(names: Sequence[str]) -> str:
    """Write names as a list in a sentence."""
    return ", ".join(names) or NONE


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
