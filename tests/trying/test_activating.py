"""Activations of the reader's own: of arrays, tensors and numbers, a row or one clear line."""

import math
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional

from study.errors import StudyError
from study.theory.activations import activation
from study.theory.gain_rows import gain_row
from study.trying.activating import loaded, own

Study = Callable[..., subprocess.CompletedProcess[str]]
FUNCTIONS: dict[str, tuple[str, Callable[..., Any]]] = {
    "of arrays": ("tanh", np.tanh),
    "of tensors": ("gelu", functional.gelu),
    "a class of modules": ("silu", nn.SiLU),
    "a module": ("hardswish", nn.Hardswish()),
    "a module that works in place": ("relu", nn.ReLU(inplace=True)),
    "a module with a parameter": ("leaky_relu", nn.PReLU(init=0.01)),
    "of a tensor made inside": ("mish", lambda z: functional.mish(torch.as_tensor(z))),
    "of single numbers": ("erf", math.erf),
    "a condition": ("relu", lambda z: z if z > 0 else 0.0),
}


@pytest.mark.parametrize("kind", FUNCTIONS)
def test_whatever_computes_it_has_the_row_of_the_table(kind: str) -> None:
    name, function = FUNCTIONS[kind]
    checked, table = own(function).row(), gain_row(activation(name))
    assert checked.row.signal == pytest.approx(table.signal, rel=1e-8)
    assert checked.row.gradient == pytest.approx(table.gradient, rel=1e-8)
    assert checked.row.small_signals == pytest.approx(table.small_signals, rel=1e-8)
    assert checked.row.size == table.size


class OtherArray:
    """An array of another library, of seven digits."""

    def __init__(self, places: NDArray[np.float64]) -> None:
        self.places = places

    def __array__(self, dtype: object = None, copy: object = None) -> NDArray[np.float32]:
        return np.asarray(self.places, dtype=np.float32)


ODD: dict[str, tuple[Callable[..., Any], str]] = {
    "chance": (nn.Dropout(), "gives two answers"),
    "softmax": (nn.Softmax(0), "gives two answers"),
    "a gate": (nn.GLU(0), "returns .* for an array of shape"),
    "a layer": (nn.Linear(4, 4), "fails on an array of NumPy: RuntimeError"),
    "seven digits": (lambda z: torch.tanh(torch.as_tensor(z).float()), "returns float32"),
    "no argument": (lambda: 0, "fails to take numbers: of an array TypeError"),
    "text": (lambda _: "text", "returns str for an array"),
    "nothing": (lambda z: 0 * z, "is 0 throughout"),
    "no number": (lambda z: z / abs(z), "is nan at 0"),
    "of another library": (OtherArray, "returns float32; compute in float64"),
    "a sum": (np.max, r"returns \(\) for an array"),
}


@pytest.mark.parametrize("kind", ODD)
def test_what_is_no_activation_is_refused_in_one_line(kind: str) -> None:
    function, message = ODD[kind]
    with pytest.raises(StudyError, match=f"mine: .*{message}") as refusal:
        own(function, "mine").row()
    assert "\n" not in str(refusal.value)


def test_an_exit_is_refused_as_an_error_is() -> None:
    with pytest.raises(StudyError, match="mine: fails to take numbers: of an array SystemExit: 3"):
        own(lambda _: sys.exit(3), "mine")


def test_an_address_names_a_file_or_a_module(tmp_path: Path) -> None:
    file = tmp_path / "own.py"
    file.write_text("import numpy as np\n\ndef bent(z):\n    return np.maximum(z - 0.3, 0)\n")
    assert loaded(f"{file}:bent").row().found.kinks == (0.3,)
    assert loaded("torch.nn:Tanh").row().row.signal == pytest.approx(1.592537, abs=1e-6)


def test_the_command_prints_rows_notes_and_calls(study: Study, tmp_path: Path) -> None:
    file = tmp_path / "own.py"
    code = "def bent(z):\n    return z if z > 0.3 else 0.3\n\nsnake = bent\n"
    file.write_text(code, encoding="utf-8")
    done = study("gains", "tanh", "sine:30", f"{file}:bent", "torch.nn:GELU", f"{file}:snake")
    assert (done.returncode, done.stderr) == (0, "")
    rows = {line.split()[0]: line.split()[1:] for line in done.stdout.splitlines() if line.strip()}
    assert rows["tanh"][-1] == "stable"
    assert rows["sine:30"][:2] == ["1.4142", "0.0471"]
    assert f"{file}:bent: gains are exact to " in done.stdout
    assert f"{file}:snake: gains are exact to " in done.stdout  # :snake: is no picture here
    assert "kinks at 0.3; what is narrower than" in done.stdout
    assert rows["GELU"][:2] == ["1.5335", "1.4811"]
    assert "torch.nn:GELU is unstable: without normalisation, biases let" in done.stdout
    assert "  nn.init.normal_(layer.bias, std=0.62" in done.stdout


@pytest.mark.parametrize(
    ("word", "line"),
    [
        ("torch.nn:Gelu", "torch.nn:Gelu: no such function or network in torch.nn; choose from"),
        ("torch.nn:Dropout", "torch.nn:Dropout: gives two answers at"),
        ("nowhere.py:f", "nowhere.py: no such file"),
        ("tanh:3", "activation tanh:3: tanh takes no parameter"),
    ],
)
def test_the_command_refuses_in_one_line(study: Study, word: str, line: str) -> None:
    done = study("gains", word)
    assert done.returncode == 1
    assert done.stderr.startswith(f"error: {line}")
    assert done.stderr.count("\n") == 1
