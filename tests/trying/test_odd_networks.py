"""Whatever the reader names, a result or one clear line comes of it."""

import csv
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from study.trying import options, trial
from tests.trying import networks

Study = Callable[..., subprocess.CompletedProcess[str]]
Rows = list[dict[str, str]]
HERE = str(Path(networks.__file__))


@pytest.fixture
def attempt(
    study: Study, tmp_path: Path
) -> Callable[..., tuple[subprocess.CompletedProcess[str], Rows]]:
    """Try a network of this folder for two draws, and give the rows of its table."""

    def call(name: str, *words: str) -> tuple[subprocess.CompletedProcess[str], Rows]:
        done = study("try", f"{HERE}:{name}", "--draws", "2", "--out", str(tmp_path / "o"), *words)
        file = tmp_path / "o" / "try.csv"
        text = file.read_text(encoding="utf-8") if file.is_file() else ""
        rows = list(csv.DictReader(text.splitlines()))
        return done, rows

    return call


@pytest.fixture
def images(tmp_path: Path) -> str:
    """Write eight images into a file."""
    path = tmp_path / "images.npy"
    np.save(path, np.random.default_rng(1).standard_normal((8, 784), dtype=np.float32))
    return str(path)


@pytest.mark.parametrize(
    ("name", "kinds", "note"),
    [
        ("dense", "Linear ReLU Linear", "2 draws, its own initialisation"),
        ("instance", "Linear ReLU Linear", "2 draws, reset_parameters of its modules"),
        ("dropping", "Linear ReLU Linear", "dropout-divides-second-moment"),
        ("half", "Linear ReLU Linear", "2 draws"),
        ("frozen", "Linear ReLU Linear", "4 of 4 parameters are frozen"),
        ("not_a_number", "Linear ReLU Linear", "0 (Linear) is the first whose output is not fin"),
        ("dead", "Linear ReLU Linear", "0 (Linear) is the first whose output is 0"),
        ("same", "Linear ReLU Linear", "all draws are the same"),
        ("functions", "Linear Linear Linear", "resnet-unscaled-doubles"),
        ("tuples", "LSTM Linear", "gradient random"),
        ("without_gradient", "Linear", "gradient none: the output does not depend"),
        ("constant", "Linear", "gradient none: the output does not depend"),
        ("normalised_weights", "ParametrizedLinear ReLU", "2 draws"),
    ],
)
def test_an_odd_network_has_a_result(
    attempt: Callable[..., tuple[subprocess.CompletedProcess[str], Rows]],
    images: str,
    name: str,
    kinds: str,
    note: str,
) -> None:
    done, rows = attempt(name, "--data", images, "--batch", "8")
    assert done.returncode == 0, done.stderr
    assert note in done.stdout
    assert [row["kind"] for row in rows] == kinds.split() * 2


@pytest.mark.parametrize(
    ("name", "kinds"),
    [
        ("words", "Embedding Linear"),
        ("attention", "MultiheadAttention LayerNorm Linear Linear LayerNorm"),
        ("one_image", "Linear ReLU Linear"),
    ],
)
def test_a_factory_may_bring_its_batch(
    attempt: Callable[..., tuple[subprocess.CompletedProcess[str], Rows]], name: str, kinds: str
) -> None:
    done, rows = attempt(name)
    assert done.returncode == 0, done.stderr
    assert "data the batch of" in done.stdout
    assert [row["kind"] for row in rows] == kinds.split() * 2
    assert all(float(row["gradient"]) > 0 for row in rows)


@pytest.mark.filterwarnings("ignore:Lazy modules")
@pytest.mark.parametrize("name", ["image_network", "lazy"])
def test_mnist_comes_as_images_where_the_network_wants_them(
    attempt: Callable[..., tuple[subprocess.CompletedProcess[str], Rows]], name: str
) -> None:
    done, rows = attempt(name, "--batch", "3")
    assert done.returncode == 0, done.stderr
    assert "3 × 1 × 28 × 28" in done.stdout
    assert rows[0]["kind"] == "Conv2d"


def test_where_mnist_does_not_fit_a_batch_is_asked_for(
    attempt: Callable[..., tuple[subprocess.CompletedProcess[str], Rows]],
) -> None:
    done, _ = attempt("wrong_shape", "--batch", "3")
    assert done.returncode == 1
    assert "a batch of shape (3, 784): RuntimeError" in done.stderr
    assert "a batch of shape (3, 1, 28, 28): RuntimeError" in done.stderr
    assert done.stderr.endswith("; if it takes no MNIST, return a batch beside it\n")


def test_in_evaluation_nothing_is_dropped(
    attempt: Callable[..., tuple[subprocess.CompletedProcess[str], Rows]], images: str
) -> None:
    done, _ = attempt("evaluated", "--data", images, "--batch", "8")
    assert "he-eq8-eq9" in done.stdout
    assert "dropout" not in done.stdout


def test_frozen_parameters_let_the_gradient_pass(
    attempt: Callable[..., tuple[subprocess.CompletedProcess[str], Rows]], images: str
) -> None:
    _, rows = attempt("frozen", "--data", images, "--batch", "8")
    assert all(float(row["gradient"]) > 0 for row in rows)


@pytest.mark.parametrize(
    ("name", "line"),
    [
        (
            "no_parameters",
            "no_parameters: the network has no parameters",
        ),
        ("wrong_shape", "wrong_shape: a batch of shape (8, 784): RuntimeError: mat1 and mat2"),
        ("raising", "raising: RuntimeError: a mistake of the reader"),
        ("leaving", "leaving: SystemExit: 3"),
        ("unused", "unused: a batch of shape (8, 784): it calls none of its layers"),
        ("text", "text: a batch of shape (8, 784): it returns no tensor of floating-point numbers"),
        ("empty", "empty: the batch of shape (0, 784) is empty"),
        ("none", "none: returns NoneType; return a torch.nn.Module, or one and a batch"),
        ("number", "number: no such function or network in"),
        ("missing", "missing: no such function or network in"),
        ("not-a-name", "not-a-name: write module:name or path.py:name"),
    ],
)
def test_what_cannot_be_tried_is_refused_in_one_line(
    attempt: Callable[..., tuple[subprocess.CompletedProcess[str], Rows]],
    images: str,
    name: str,
    line: str,
) -> None:
    words = [] if name == "empty" else ["--data", images]
    done, rows = attempt(name, "--batch", "8", *words)
    assert done.returncode == 1
    assert re.fullmatch(r"error: [^\n]+\n", done.stderr), done.stderr
    assert line in done.stderr
    assert rows == []


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["nowhere.py:network"], "nowhere.py: no such file"),
        (["no_such_module:network"], "no_such_module: ModuleNotFoundError: No module named"),
        ([], "try: the following arguments are required: factory"),
        (["a:b", "--init", "best"], "try: argument --init: invalid choice: 'best' (choose from"),
        (["a:b", "--draws", "0"], "try: 0: draws and batch are whole numbers from 1 on"),
        (["a:b", "--batch", "some"], "try: some: draws and batch are whole numbers from 1 on"),
        (["a:b", "--depth", "3"], "try: unrecognized arguments: --depth 3"),
        ([f"{HERE}:dense", "--data", "none.npy"], "--data=none.npy: choose mnist or a file of"),
        ([f"{HERE}:dense", "--data", HERE], "choose mnist or a file of NumPy"),
        (
            [f"{HERE}:words", "--init", "he", "--data", "{images}", "--batch", "9"],
            "--batch=9: {images} has only 8",
        ),
    ],
)
def test_a_bad_word_is_refused_in_one_line(
    study: Study, images: str, words: list[str], line: str
) -> None:
    done = study("try", *(word.replace("{images}", images) for word in words))
    assert done.returncode == 1
    assert re.fullmatch(r"error: [^\n]+\n", done.stderr), done.stderr
    assert line.replace("{images}", images) in done.stderr


def test_nothing_is_initialised_where_there_is_no_layer_for_it(study: Study, images: str) -> None:
    done = study("try", "torch.nn:Softmax", "--init", "he", "--data", images, "--batch", "8")
    assert done.returncode == 1
    assert "the network has no parameters" in done.stderr


def test_the_table_and_the_figure_are_written(
    attempt: Callable[..., tuple[subprocess.CompletedProcess[str], Rows]],
    images: str,
    tmp_path: Path,
) -> None:
    done, rows = attempt("dense", "--data", images, "--batch", "8", "--init", "he")
    assert done.returncode == 0
    assert {row["draw"] for row in rows} == {"0", "1"}
    assert (tmp_path / "o" / "try.svg").read_text(encoding="utf-8").count("<svg") == 1
    assert str(tmp_path / "o") in done.stdout


def test_the_network_of_the_page_is_tried_as_the_page_says(study: Study, tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "try-your-own.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    (file, name) = re.findall(r"-- try (\S+):(\S+)", page)[0]
    (tmp_path / file).write_text(code, encoding="utf-8")
    done = study("try", f"{tmp_path / file}:{name}", "--data", "mnist", "--draws", "4")
    assert done.returncode == 0, done.stderr
    for line in re.findall(r"^ (?:layer |format |float16 ).*", page, re.MULTILINE):
        columns = re.split(r" {2,}", line.strip())
        shown = [text for text in done.stdout.splitlines() if text.strip().startswith(columns[0])]
        assert any(all(column in text for column in columns) for text in shown), line


def test_the_generator_of_the_reader_is_left_alone(images: str) -> None:
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    words = [f"{HERE}:dense", "--data", images, "--batch", "8", "--draws", "2"]
    trial.tried(options.parsed(words))
    assert torch.equal(torch.rand(3), expected)
