"""Data sheets: one generated page per experiment that has results."""

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from study.record.results import Run, write_text
from study.site.library import Library, load
from study.site.parts import by_part

if TYPE_CHECKING:
    from sphinx.application import Sphinx

SHEET = """\
({name}-sheet)=
# {title}

{text}

```{{run-note}} {name}
```

## Verdicts

{origins}```{{claim-table}} {name}
:places:
```

## Figures

```{{all-figures}} {name}
```

## Your rerun

The same settings:

```console
nox -s run -- experiment={name}
```

```{{rerun-comparison}} {name}
```

## Values

Every value is the mean over independent draws, with the half width of its interval.

```{{value-table}} {name}
```

({name}-data)=
## Data

```{{file-list}} {name}
```

({name}-settings)=
## Settings

```{{setting-table}} {name}
```

They come from this file, which holds the quick size as well:

```{{literalinclude}} ../../conf/experiment/{group}/{name}.yaml
:language: yaml
```

({name}-code)=
## Code

{code}

({name}-provenance)=
## Provenance

```{{provenance-table}} {name}
```
"""

CODE = """\
```{{literalinclude}} ../../study/experiments/{group}/{name}/{part}.py
:caption: {part}.py
:language: python
:linenos:
```
"""

UNDERIVED = """\
It is not yet worked out which of these claims are older than any number of them.
`nox -s origins` works it out, once a reference is committed.

"""

PARTS = ("method", "claims", "figures")
"""The files of an experiment."""

INDEX = """\
# Data sheets

A data sheet is the whole record of one experiment.
It has the claims, figures, values and data, the settings and code that made them, and the machine.
The sheets are listed in the order of the chapters that show them.
The last column says how long the reference run took, on two cores.

{groups}
"""

GROUP = """\
## {title}

| data sheet | chapter | claims | a rerun takes |
|---|---|--:|--:|
{rows}

```{{toctree}}
:hidden:
:maxdepth: 1

{names}
```
"""


def write_sheets(app: "Sphinx") -> None:
    """Write the data sheets into ``experiments/`` of the pages' folder.

    Args:
        app: Sphinx, before it looks for pages.
    """
    library = load(Path(app.srcdir, app.config.study_root))
    pages = {f"{name}.md": _sheet(library, name) for name in library.runs}
    pages["index.md"] = INDEX.format(groups="\n".join(_groups(library, Path(app.srcdir))))
    write_pages(Path(app.srcdir, "experiments"), pages)


def write_pages(folder: Path, pages: Mapping[str, str]) -> None:
    """Let a folder hold some pages and no others.

    A page is written only if it changes, so that Sphinx reads it again only then.

    Args:
        folder: of generated pages alone.
        pages: the text of each, by the name of its file there.
    """
    for path in [path for path in folder.rglob("*") if path.is_file()]:
        if path.relative_to(folder).as_posix() not in pages:
            path.unlink()
    for file, text in pages.items():
        path = folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            write_text(path, text)


def _groups(library: Library, docs: Path) -> Iterator[str]:
    """Yield the list of the experiments of each part."""
    for title, chapters in by_part(docs, list(library.runs)).items():
        rows = [_row(library.runs[name], chapter) for name, chapter in chapters.items()]
        yield GROUP.format(title=title, rows="\n".join(rows), names="\n".join(chapters))


def _row(run: Run, chapter: str | None) -> str:
    """Return an experiment as a row of a table."""
    page = f"{{doc}}`/{chapter}`" if chapter else "none"
    seconds = run.provenance.get("wall_seconds")
    return (
        f"| {{doc}}`{run.folder.name}` | {page} | {len(run.judgements)} "
        f"| {'not noted' if seconds is None else duration(seconds)} |"
    )


def duration(seconds: float) -> str:
    """Return a time to two figures, in the largest unit that it fills.

    >>> duration(1.1), duration(214.6), duration(4747.5), duration(1e6)
    ('1 s', '4 min', '1.3 h', '12 days')
    """
    if seconds < 60:
        return f"{seconds:.0f} s"
    if seconds < 3600:
        return f"{seconds / 60:.0f} min"
    if seconds < 2 * 86400:
        return f"{seconds / 3600:.1f} h"
    return f"{seconds / 86400:.0f} days"


def _sheet(library: Library, name: str) -> str:
    """Return the page of an experiment; its words are those of its package's docstring."""
    group = library.groups[name]
    folder = library.root / "study" / "experiments" / group / name
    title, _, text = _docstring(folder, name).partition("\n")
    parts = [part for part in PARTS if (folder / f"{part}.py").is_file()]
    code = "\n".join(CODE.format(group=group, name=name, part=part) for part in parts)
    return SHEET.format(
        name=name,
        group=group,
        title=title.rstrip("."),
        text=text.strip(),
        origins="" if library.runs[name].origins else UNDERIVED,
        code=code,
    )


def _docstring(package: Path, absent: str) -> str:
    source = (package / "__init__.py").read_text(encoding="utf-8")
    return ast.get_docstring(ast.parse(source)) or absent
