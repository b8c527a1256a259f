"""Data sheets: one generated page per experiment that has results."""

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from study.record.results import write_text
from study.site.library import Library, load

if TYPE_CHECKING:
    from sphinx.application import Sphinx

SHEET = """\
({name}-sheet)=
# {title}

{text}

```{{run-note}} {name}
```

## Verdicts

```{{claim-table}} {name}
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

## Claims

```{{claim-cards}} {name}
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

PARTS = ("method", "claims", "figures")
"""The files of an experiment."""

INDEX = """\
# Data sheets

One page per experiment: its claims, figures, values, data, settings, code and provenance.
What the experiments of a group have in common heads their list.

{groups}
"""

GROUP = """\
## {question}

```{{toctree}}
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
    pages["index.md"] = INDEX.format(groups="\n".join(_groups(library)))
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


def _groups(library: Library) -> Iterator[str]:
    """Yield the list of each group that has runs, under the sentence of its package."""
    groups = [library.groups[name] for name in library.runs]
    for group in sorted(set(groups)):
        names = [name for name in library.runs if library.groups[name] == group]
        question = _docstring(library.root / "study" / "experiments" / group, group)
        yield GROUP.format(question=question.splitlines()[0].rstrip("."), names="\n".join(names))


def _sheet(library: Library, name: str) -> str:
    """Return the page of an experiment; its words are those of its package's docstring."""
    group = library.groups[name]
    folder = library.root / "study" / "experiments" / group / name
    title, _, text = _docstring(folder, name).partition("\n")
    parts = [part for part in PARTS if (folder / f"{part}.py").is_file()]
    code = "\n".join(CODE.format(group=group, name=name, part=part) for part in parts)
    return SHEET.format(
        name=name, group=group, title=title.rstrip("."), text=text.strip(), code=code
    )


def _docstring(package: Path, absent: str) -> str:
    source = (package / "__init__.py").read_text(encoding="utf-8")
    return ast.get_docstring(ast.parse(source)) or absent
