import json
from pathlib import Path

import pytest
import torch

from study import catalogue
from study.errors import StudyError
from study.lab.kernels import Kernels, output_under

PROJECT = Path(__file__).parents[2]
CHEAP = ("batch_normalisation", "cost_surface", "he_examples", "layers_by_hand", "seeded_printouts")
OTHERS = (
    "glorot_compromise",
    "glorot_conditions",
    "narrow_collapse",
    "running_averages",
    "tanh_gain",
)
"""Experiments whose quick size takes some seconds, each with arithmetic of its own."""
NAMES_ITS_PROCESSOR = {"s003-scaled-w-mean"}

VERDICTS = """
import json, sys
import torch
from study import catalogue, configuring
from study.lab import mnist
from study.record.claims import judge

torch.set_num_threads(1)
data = mnist.load(mnist.find("mnist_5k"), 256.0, torch.device("cpu"))
found = {}
for name in sys.argv[1:]:
    experiment = catalogue.load(name)
    settings = configuring.plain_settings(name, "quick")
    config = configuring.checked(experiment.config, settings)
    values = experiment.run(config, data, range(config.draws)).values
    for claim in experiment.claims:
        found[claim.id] = judge(claim, values, claim.data or data.name)
print(json.dumps([torch.backends.cpu.get_cpu_capability(), found]))
"""


def verdicts(kernels: Kernels, names: tuple[str, ...]) -> tuple[str, dict[str, str]]:
    capability, found = json.loads(output_under(kernels, VERDICTS, *names))
    return capability, found


def test_a_fresh_interpreter_has_the_kernels_asked_for() -> None:
    code = "import torch; print(torch.backends.cpu.get_cpu_capability())"
    assert output_under("default", code).strip() == "DEFAULT"


@pytest.mark.skipif(
    torch.backends.cpu.get_cpu_capability() == "DEFAULT", reason="there are no vector kernels here"
)
@pytest.mark.parametrize("names", [CHEAP, pytest.param(OTHERS, marks=pytest.mark.full)])
def test_verdicts_are_the_same_on_scalar_and_on_vector_kernels(
    monkeypatch: pytest.MonkeyPatch, names: tuple[str, ...]
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(PROJECT))
    (none, scalar), (some, vector) = verdicts("default", names), verdicts("avx2", names)
    assert none == "DEFAULT" != some
    claims = {claim.id: claim for name in names for claim in catalogue.load(name).claims}
    assert set(scalar) == set(vector) == set(claims)
    differing = {id_ for id_ in claims if scalar[id_] != vector[id_]}
    assert differing <= NAMES_ITS_PROCESSOR
    named = claims.keys() & NAMES_ITS_PROCESSOR
    assert all(claims[id_].departure.startswith("Processor: ") for id_ in named)


def test_a_program_that_fails_is_told_in_one_line() -> None:
    with pytest.raises(StudyError, match="ATEN_CPU_CAPABILITY=default: ValueError: no"):
        output_under("default", "raise ValueError('no')")


def test_the_seeded_mean_is_the_printed_one_on_scalar_kernels() -> None:
    code = """
import torch
g = torch.Generator().manual_seed(1)
torch.randn(1000, 10, generator=g)
print(f"{(torch.randn(10, 200, generator=g) / 10**0.5).mean():.4e}")
"""
    assert output_under("default", code).strip() == "9.0598e-05"
