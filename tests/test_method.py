"""What the page on the method says of all experiments, held against their settings."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from study import configuring
from study.catalogue import names

PAGE = Path(__file__).parents[1] / "docs" / "method.md"


def lists_of_rates(settings: Any) -> Iterator[list[float]]:  # noqa: ANN401 - of any depth
    """Yield every list of learning rates to choose from."""
    if not isinstance(settings, dict):
        return
    for name, value in settings.items():
        if name == "learning_rates" and not isinstance(value, dict):
            yield list(value)
        yield from lists_of_rates(value)


def test_every_search_for_a_learning_rate_has_a_row() -> None:
    (section,) = re.findall(r"### Learning rates\n(.*?)\n## ", PAGE.read_text(), flags=re.DOTALL)
    rows = [line for line in section.splitlines() if line.startswith("| {ref}")]
    named = {name for row in rows for name in re.findall(r"<(\w+)-sheet>", row.split("|")[1])}
    searching = {
        name
        for name in names()
        if any(
            len(rates) > 1
            for rates in lists_of_rates(configuring.plain_settings(name, "reference"))
        )
    }
    assert named == searching
