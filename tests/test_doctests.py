"""The code on the pages runs, and prints what stands there."""

import doctest
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

DOCS = Path(__file__).parents[1] / "docs"
PAGES = sorted(
    page
    for place in ("*.md", "chapters/*.md")
    for page in DOCS.glob(place)
    if "```pycon" in page.read_text(encoding="utf-8")
)
OPTIONS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Let sums be taken in one order, and put back what a page changes."""
    threads, state = torch.get_num_threads(), torch.get_rng_state()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)
    torch.set_rng_state(state)


def blocks(text: str) -> Iterator[tuple[int, str]]:
    """Yield the blocks of Python sessions of a page, each with the line that it begins on."""
    for found in re.finditer(r"^([ >]*)(`{3,})pycon\n(.*?)^\1\2", text, re.MULTILINE | re.DOTALL):
        yield text.count("\n", 0, found.start(3)), found[3]


def run(text: str, name: str) -> tuple[doctest.TestResults, str]:
    """Run a page's sessions one after the other; return how that went, and what went wrong."""
    parser, runner = doctest.DocTestParser(), doctest.DocTestRunner(optionflags=OPTIONS)
    names: dict[str, object] = {}
    told: list[str] = []
    for at, block in blocks(text):
        # A name of its own: doctest finds the lines of a function by it, also from another block.
        test = parser.get_doctest(block, names, f"{name}, line {at}", name, at)
        test.globs = names  # what one block defines, the next may use
        runner.run(test, out=told.append, clear_globs=False)
    return runner.summarize(verbose=False), "".join(told)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_prints_what_stands_on_it(page: Path) -> None:
    results, told = run(page.read_text(encoding="utf-8"), page.name)
    assert results.attempted
    assert not results.failed, told


SESSION = """\
Text.

```pycon
>>> import torch
>>> kept = torch.ones(4).sum()
```

:::{answer}
```pycon
>>> kept
tensor(4.)
```
:::
"""


def test_one_page_is_one_session() -> None:
    assert run(SESSION, "page")[0] == doctest.TestResults(failed=0, attempted=3)


def test_a_wrong_print_is_found_with_its_line() -> None:
    results, told = run(SESSION.replace("tensor(4.)", "tensor(5.)"), "page")
    assert results.failed == 1
    assert 'File "page", line 10' in told
