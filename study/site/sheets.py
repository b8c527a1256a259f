"""Data sheets: one generated page per experiment that has results."""

import ast
from pathlib import Path
from typing import TYPE_CHECKING

from study.record.results import write_text
from study.site.library import load

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

```{{literalinclude}} ../../conf/experiment/{name}.yaml
:language: yaml
```

({name}-code)=
## Code

```{{literalinclude}} ../../study/experiments/{name}.py
:language: python
:linenos:
```

({name}-provenance)=
## Provenance

```{{provenance-table}} {name}
```
"""

INDEX = """\
# Data sheets

One page per experiment: its claims, figures, values, data, settings, code and provenance.

```{{toctree}}
:maxdepth: 1

{names}
```
"""


def write_sheets(app: "Sphinx") -> None:
    """Write the data sheets into ``experiments/`` of the pages' folder.

    A sheet is written only if it changes, so that Sphinx reads it again only then; the sheet of
    an experiment that is no more is removed.

    Args:
        app: Sphinx, before it looks for pages.
    """
    library = load(Path(app.srcdir, app.config.study_root))
    folder = Path(app.srcdir, "experiments")
    folder.mkdir(exist_ok=True)
    pages = {f"{name}.md": _sheet(library.root, name) for name in library.runs}
    pages["index.md"] = INDEX.format(names="\n".join(library.runs))
    for path in folder.glob("*.md"):
        if path.name not in pages:
            path.unlink()
    for file, text in pages.items():
        path = folder / file
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            write_text(path, text)


def _sheet(root: Path, name: str) -> str:
    """Return the page of an experiment; its words are those of the module's docstring."""
    source = (root / "study" / "experiments" / f"{name}.py").read_text(encoding="utf-8")
    title, _, text = (ast.get_docstring(ast.parse(source)) or name).partition("\n")
    return SHEET.format(name=name, title=title.rstrip("."), text=text.strip())
