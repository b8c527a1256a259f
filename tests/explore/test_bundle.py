"""Modules become one script, MNIST's files ten digits, and a wrong directive an error."""

import base64
import gzip
import json
from pathlib import Path

import numpy as np
import pytest
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace

from study.errors import StudyError
from study.site import explore
from study.site.explore import DIGITS, IMAGES, LABELS, bundle, first_digits, write_scripts
from tests.explore.engine import FOLDER, engine


def modules(folder: Path, **texts: str) -> Path:
    for name, text in texts.items():
        (folder / f"{name}.mjs").write_text(text, encoding="utf-8")
    return folder


def test_names_of_one_module_are_not_those_of_another(tmp_path: Path) -> None:
    folder = modules(
        tmp_path,
        main='import { base } from "./base.mjs";\nimport { twice } from "./twice.mjs";\n'
        "export const main = () => twice(base);\n",
        twice="const hidden = 2;\nexport function twice(x) {\n  return hidden * x;\n}\n",
        base="const hidden = 20;\nexport const base = hidden + 1;\n",
    )
    assert engine(bundle(folder))("main.main") == 42


def test_a_module_is_there_once_however_often_it_is_imported(tmp_path: Path) -> None:
    folder = modules(
        tmp_path,
        main='import { a } from "./a.mjs";\nimport { b } from "./b.mjs";\n',
        a='import { c } from "./c.mjs";\nexport const a = c;\n',
        b='import { c } from "./c.mjs";\nexport const b = c;\n',
        c="export const c = 1;\n",
    )
    assert bundle(folder).count("const c = 1;") == 1


@pytest.mark.parametrize(
    ("texts", "told"),
    [
        ({"main": 'import { a } from "./a.mjs";\n'}, "a.mjs: no such module"),
        (
            {
                "main": 'import { a } from "./a.mjs";\n',
                "a": 'import { b } from "./main.mjs";\nexport const a = b;\n',
            },
            "main.mjs: imports itself by way of main and a",
        ),
    ],
)
def test_a_module_that_cannot_be_joined_is_named(
    tmp_path: Path, texts: dict[str, str], told: str
) -> None:
    with pytest.raises(StudyError, match=told):
        bundle(modules(tmp_path, **texts))


def store_images(folder: Path, ending: str) -> None:
    """Store MNIST's training files with a few images, each of its own grey."""
    labels = bytes([5, 0, 4, 1, 9, 2, 1, 3, 1, 4, 3, 5, 3, 6, 1, 7, 2, 8])
    images = np.arange(len(labels), dtype=np.uint8).repeat(784).tobytes()
    for name, content in ((IMAGES, b"." * 16 + images), (LABELS, b"." * 8 + labels)):
        (folder / f"{name}{ending}").write_bytes(gzip.compress(content) if ending else content)


@pytest.mark.parametrize("ending", ["", ".gz"])
def test_the_first_image_of_each_digit_is_taken(tmp_path: Path, ending: str) -> None:
    store_images(tmp_path, ending)
    digits = first_digits(tmp_path)
    assert digits
    first = zip("0123456789", [1, 3, 5, 7, 2, 0, 13, 15, 17, 4], strict=True)
    assert {digit: set(pixels) for digit, pixels in digits.items()} == {
        digit: {at} for digit, at in first
    }


def test_a_site_beside_the_data_has_handwritten_digits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store_images(tmp_path, ".gz")
    monkeypatch.setenv("STUDY_DATA_DIR", str(tmp_path))
    write_scripts(FOLDER.parent, tmp_path)
    script = (tmp_path / DIGITS).read_text(encoding="utf-8")
    stored = json.loads(script.removeprefix("globalThis.explorableDigits = ").removesuffix(";\n"))
    assert base64.b64decode(stored["4"]) == bytes([2]) * 784


def test_without_the_files_there_are_no_digits(tmp_path: Path) -> None:
    assert first_digits(tmp_path) is None


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{explorable} chart", "explorable chart: choose from layers, histograms, fans, cobweb"),
        ("{lesson} Halving\n:right: 1", "lesson Halving: lacks settings"),
        ("{lesson} Halving\n:right: none\n:settings: depth=2", "Invalid option"),
    ],
)
def test_a_wrong_directive_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, told: str
) -> None:
    (tmp_path / "index.md").write_text(f"# Page\n\n```{text}\n```\n", encoding="utf-8")
    (tmp_path / "conf.py").write_text('extensions = ["myst_parser"]\n', encoding="utf-8")
    monkeypatch.delenv("STUDY_DATA_DIR", raising=False)
    out = tmp_path / "out"
    log = (tmp_path / "log").open("w+", encoding="utf-8")
    with docutils_namespace(), log:
        app = Sphinx(tmp_path, tmp_path, out, tmp_path / "trees", "html", None, None, log)
        for name, directive in explore.DIRECTIVES.items():
            app.add_directive(name, directive)
        app.build()
        log.seek(0)
        assert told in log.read()
