"""Faults planted on purpose, to see which tests notice them: nox -s faults [-- [--full] NAME ...].

Each is a mistake that a person could make, as one replacement of text in one file. It is planted in
a copy of the project, and the tests that could notice it cheaply are run there. What they say is
kept in ``faults.json``, by tier; ``old`` is the suite of commit a2dbaeb, which had no tiers. That a
fingerprint differs is no detection: a number, a verdict or a sentence has to.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from study import catalogue
from study.lab.mnist import FOLDER_VARIABLE
from study.record.results import read_json, write_json

ROOT = Path(__file__).parents[1]
RECORD = Path(__file__).with_name("faults.json")
FINGERPRINTS = {
    "test_no_control_is_stale",
    "test_the_verdicts_beside_the_evidence_follow_from_it",
}
"""Tests that only say that what is recorded was made with other code."""
TRIAL = "tests/contract/test_controls.py::test_a_trial_made_anew_shows_what_is_recorded"
TIERS: Mapping[str, tuple[str, ...]] = {
    # The trials that the fast tier makes anew are others at each commit.
    "fast": ("--deselect", TRIAL),
    "full": ("--full", "-m", "full or no_cover"),
}
"""How pytest is told to run the tests of a tier; of the full one, what the fast one leaves out."""

Noticed: TypeAlias = dict[str, int]
"""How often each test failed, by its node id without parameters."""


@dataclass(frozen=True)
class PlantedFault:
    """One mistake, and where it could be noticed.

    Attributes:
        name: what is wrong, in words.
        path: of the file, from the project's folder.
        old: what stands there, once.
        new: what is planted instead.
        tests: modules of tests of the code that is wrong.
        experiments: that reach this code; what every experiment keeps to is tested of these.
    """

    name: str
    path: str
    old: str
    new: str
    tests: tuple[str, ...] = ()
    experiments: tuple[str, ...] = ()


FAULTS = (
    # Theory
    PlantedFault(
        "torch's gain of tanh is 1 % too large",
        "study/theory/gains.py",
        '"tanh": 5 / 3,',
        '"tanh": 1.01 * 5 / 3,',
        ("tests/theory/test_gains.py", "tests/site/test_guidance.py"),
        ("torch_gains",),
    ),
    PlantedFault(
        "Glorot's bound lacks a factor of √2",
        "study/theory/glorot.py",
        "return sqrt(6 / (fan_in + fan_out))",
        "return sqrt(3 / (fan_in + fan_out))",
        ("tests/theory/test_glorot.py",),
        ("glorot_compromise",),
    ),
    PlantedFault(
        "the length map is 1 % too steep",
        "study/theory/mean_field.py",
        "return weight_variance * second_moment(activation, q) + bias_variance",
        "return 1.01 * weight_variance * second_moment(activation, q) + bias_variance",
        ("tests/theory/test_mean_field.py",),
        ("tanh_gain",),
    ),
    PlantedFault(
        "the fixed length of a rectifier is a little off",
        "study/theory/mean_field.py",
        "return bias_variance / (1 - factor) if factor < 1 else inf",
        "return bias_variance / (1.01 - factor) if factor < 1 else inf",
        ("tests/theory/test_mean_field.py", "tests/theory/test_phases.py"),
    ),
    PlantedFault(
        "the smallest float32 number forgets the subnormal ones",
        "study/theory/finite_width.py",
        '"float32": -149',
        '"float32": -126',
        ("tests/theory/test_finite_width.py",),
        ("number_format_limits",),
    ),
    PlantedFault(
        "the variance of a log norm has 6 where 5 belongs",
        "study/theory/finite_width.py",
        "relative = 6 * (1 + slope**4) / (1 + slope**2) ** 2 - 1",
        "relative = 6 * (1 + slope**4) / (1 + slope**2) ** 2",
        ("tests/theory/test_finite_width.py",),
    ),
    # Laboratory
    PlantedFault(
        "all draws share one random stream",
        "study/lab/inits.py",
        "spawn_key=(draw, layer, *part)",
        "spawn_key=(layer, *part)",
        ("tests/lab/test_inits.py",),
        ("residual_blocks",),
    ),
    PlantedFault(
        "the two fans are swapped",
        "study/lab/inits.py",
        '{"fan_in": fan_in, "fan_out": fan_out,',
        '{"fan_in": fan_out, "fan_out": fan_in,',
        ("tests/lab/test_inits.py", "tests/lab/test_propagation.py"),
        ("fan_modes",),
    ),
    PlantedFault(
        "some orthogonal matrices are likelier than others",
        "study/lab/inits.py",
        "sqrt(max(rows, columns)) * basis * signs",
        "sqrt(max(rows, columns)) * basis",
        ("tests/lab/test_inits.py",),
        ("glorot_jacobians",),
    ),
    PlantedFault(
        "the images that train are shifted by one",
        "study/lab/mnist.py",
        "train=split(images[:first], labels[:first])",
        "train=split(images[1 : first + 1], labels[1 : first + 1])",
        ("tests/lab/test_mnist.py",),
        ("input_standardising",),
    ),
    PlantedFault(
        "the labels that validate are shifted against their images",
        "study/lab/mnist.py",
        "validation=split(images[first:second], labels[first:second])",
        "validation=split(images[first:second], labels[first - 1 : second - 1])",
        ("tests/lab/test_mnist.py",),
        ("validation_statistics",),
    ),
    PlantedFault(
        "images are standardised by their own mean and deviation",
        "study/lab/mnist.py",
        "torch.std_mean(self.train.images.double())",
        "torch.std_mean(images.double())",
        ("tests/lab/test_mnist.py",),
        ("residual_blocks",),
    ),
    PlantedFault(
        "the slope of a leaky ReLU stands on the wrong side",
        "study/lab/activations.py",
        "active.mul_(1 - slope).add_(slope)",
        "active.mul_(slope - 1).add_(1)",
        ("tests/lab/test_activations.py", "tests/lab/test_propagation.py"),
        ("relu_second_moment",),
    ),
    PlantedFault(
        "a ReLU by hand has the derivative 1 at 0",
        "study/lab/by_hand/functions.py",
        "return gradient * (z > 0)",
        "return gradient * (z >= 0)",
        ("tests/lab/by_hand/test_functions.py",),
        ("gradients_by_hand",),
    ),
    PlantedFault(
        "the gradient of a kernel by hand is not transposed back",
        "study/lab/by_hand/convolution.py",
        "dmatrix.T.reshape(w.shape)",
        "dmatrix.reshape(w.shape)",
        ("tests/lab/by_hand/test_convolution.py",),
        ("layers_by_hand",),
    ),
    PlantedFault(
        "the gradient of a loss by hand is that of the sum, not of the mean",
        "study/lab/by_hand/functions.py",
        "return (log_softmax(logits).exp() - right) / len(labels)",
        "return log_softmax(logits).exp() - right",
        ("tests/lab/by_hand/test_functions.py",),
        ("layers_by_hand",),
    ),
    PlantedFault(
        "every epoch has the order of the first",
        "study/lab/training.py",
        "if at == 0:",
        "if update == 0:",
        ("tests/lab/test_training.py",),
        ("validation_statistics",),
    ),
    PlantedFault(
        "a training that is resumed begins its minibatches anew",
        "study/lab/training.py",
        "islice(batches, len(losses), None)",
        "islice(batches, 0, None)",
        ("tests/lab/test_training.py",),
    ),
    PlantedFault(
        "the learning rate of the largest error is chosen",
        "study/lab/rate_search.py",
        "return min(finite, key=",
        "return max(finite, key=",
        ("tests/lab/test_rate_search.py",),
    ),
    PlantedFault(
        "the spread of directions has a biased variance",
        "study/lab/statistics.py",
        "square().sum(dim=1) / (images - 1)",
        "square().sum(dim=1) / images",
        ("tests/lab/test_propagation.py",),
        ("correlation_collapse",),
    ),
    PlantedFault(
        "the gradient of a layer counts its own weights, too",
        "study/lab/propagation.py",
        "from_above = bits.sum() - from_below",
        "from_above = bits.sum() - from_below + bits",
        ("tests/lab/test_propagation.py",),
        ("relu_second_moment",),
    ),
    # Record
    PlantedFault(
        "the half width has the quantile of the normal distribution",
        "study/record/estimates.py",
        "return float(stdtrit(draws - 1, (1 + CONFIDENCE) / 2))",
        "return float(stdtrit(inf, (1 + CONFIDENCE) / 2))",
        ("tests/record/test_estimates.py",),
        ("residual_blocks",),
    ),
    PlantedFault(
        "the half width is divided by n, not by its root",
        "study/record/estimates.py",
        "stdev(samples) / sqrt(draws)",
        "stdev(samples) / draws",
        ("tests/record/test_estimates.py",),
        ("residual_blocks",),
    ),
    PlantedFault(
        "Wilson's interval leaves out a tail on one side only",
        "study/record/estimates.py",
        'proportion_ci(CONFIDENCE, "wilson")',
        'proportion_ci(2 * CONFIDENCE - 1, "wilson")',
        ("tests/record/test_estimates.py", "tests/record/test_claims.py"),
        ("validation_statistics",),
    ),
    PlantedFault(
        "a diverged draw is left out in silence",
        "study/record/estimates.py",
        "    if not all(map(isfinite, samples)):\n        return Estimate(nan, nan, draws)\n",
        "    samples = [sample for sample in samples if isfinite(sample)]\n",
        ("tests/record/test_estimates.py", "tests/record/test_results.py"),
    ),
    PlantedFault(
        "a verdict is decided by the wrong side of the interval",
        "study/record/claims.py",
        "if band.low <= value.low and value.high <= band.high:",
        "if band.low <= value.high and value.low <= band.high:",
        ("tests/record/test_claims.py",),
        ("residual_blocks",),
    ),
    PlantedFault(
        "runs are said to agree where their means do not",
        "study/record/comparison.py",
        "if self.same_setting and not agree(self.value, self.reference):",
        "if self.same_setting and agree(self.value, self.reference):",
        ("tests/record/test_comparison.py", "tests/site/test_directives.py"),
    ),
    PlantedFault(
        "numbers are stored to five digits",
        "study/record/results.py",
        "DIGITS = 6",
        "DIGITS = 5",
        ("tests/record/test_results.py",),
        ("residual_blocks",),
    ),
    PlantedFault(
        "the rows of a table stand in the wrong order",
        "study/record/draws.py",
        "for labels, numbers in samples(draws, table).items()",
        "for labels, numbers in reversed(samples(draws, table).items())",
        ("tests/record/test_draws.py",),
        ("residual_blocks",),
    ),
    # Engine and steps
    PlantedFault(
        "draw k holds the numbers of draw k + 1",
        "study/engine/tasks.py",
        "return draw_to_json(method.measure(config, inputs, item, *choice))",
        "return draw_to_json(method.measure(config, inputs, item + 1, *choice))",
        ("tests/engine/test_tasks.py", "tests/test_runner.py"),
    ),
    PlantedFault(
        "draws of another pixel scale are taken for fresh",
        "study/queue.py",
        '{"name": data.name, "checksum": data.checksum, "pixel_scale": data.pixel_scale},',
        '{"name": data.name, "checksum": data.checksum},',
        ("tests/test_runner.py",),
    ),
    PlantedFault(
        "verdicts by another rule are taken for fresh",
        "study/steps.py",
        'for step in ("claims", "rule")',
        'for step in ("claims",)',
        ("tests/test_steps.py", "tests/test_runner.py"),
    ),
    PlantedFault(
        "figures of other tables are taken for fresh",
        "study/steps.py",
        'run.folder / "values.json", *run.folder.glob("*.csv")]',
        'run.folder / "values.json"]',
        ("tests/test_steps.py", "tests/test_runner.py"),
    ),
    PlantedFault(
        "the fingerprint leaves out what no draw touches",
        "study/record/provenance.py",
        '"choose", "measure", "exact")',
        '"choose", "measure")',
        ("tests/record/test_provenance.py", "tests/test_runner.py"),
    ),
    # Experiments
    PlantedFault(
        "a residual branch lacks its factor of √2",
        "study/experiments/variance/residual_blocks/method.py",
        "branch = (sqrt(2) * x @ inner.T).relu() @ outer.T",
        "branch = (x @ inner.T).relu() @ outer.T",
        experiments=("residual_blocks",),
    ),
    PlantedFault(
        "a claim's band grows by itself",
        "study/experiments/variance/residual_blocks/claims.py",
        "band=within(2.0, 0.02)",
        "band=within(2.0, 0.05)",
        experiments=("residual_blocks",),
    ),
    PlantedFault(
        "gradients are followed from the outputs, not from the last hidden layer",
        "study/experiments/glorot/glorot_conditions/method.py",
        "mean_square(record.gradients[-2])",
        "mean_square(record.gradients[-1])",
        experiments=("glorot_conditions",),
    ),
    PlantedFault(
        "He's variance is divided by fan_out",
        "study/experiments/he/he_conditions/method.py",
        "weight_std(matrix.shape[1], weight_variance)",
        "weight_std(matrix.shape[0], weight_variance)",
        experiments=("he_conditions",),
    ),
    PlantedFault(
        "the deviation of a batch has n - 1",
        "study/experiments/batch_normalisation/batch_normalisation/method.py",
        "divisor = (preactivation[:, 0].var(correction=0)",
        "divisor = (preactivation[:, 0].var(correction=1)",
        experiments=("batch_normalisation",),
    ),
    PlantedFault(
        "a quantity has another key in the method only",
        "study/experiments/pytorch/torch_gains/method.py",
        'f"gradient_factor.{name}"',
        'f"backward_factor.{name}"',
        experiments=("torch_gains",),
    ),
    PlantedFault(
        "an overflow is noticed a layer late",
        "study/experiments/depth_size/formats.py",
        "nan_to_num(nan=inf, posinf=inf)",
        "nan_to_num(nan=inf)",
        ("tests/experiments/depth_size/test_formats.py",),
        ("number_format_limits",),
    ),
    PlantedFault(
        "a signal is counted as dead one layer late",
        "study/experiments/depth_size/float32_vanishing/method.py",
        "float(len(largest) if not largest[-1] else len(largest) + 1)",
        "float(len(largest) + 1)",
        experiments=("float32_vanishing",),
    ),
    PlantedFault(
        "the order of the minibatches shares the stream of the weights",
        "study/experiments/notes/validation_statistics/method.py",
        "batch_rng = random_generator(config.seed, draw, 0)",
        "batch_rng = random_generator(config.seed, draw, 1)",
        experiments=("validation_statistics",),
    ),
    PlantedFault(
        "a comparison says yes for no",
        "study/experiments/notes/validation_statistics/method.py",
        'float(loss > values["loss.training"])',
        'float(loss < values["loss.training"])',
        experiments=("validation_statistics",),
    ),
    PlantedFault(
        "a figure plots the half widths in place of the means",
        "study/record/drawing.py",
        'colour = _intervals(axes, x, rows.column("mean"), half_widths,',
        'colour = _intervals(axes, x, rows.column("half_width"), half_widths,',
        experiments=("fan_modes",),
    ),
    PlantedFault(
        "a figure draws its law from the wrong constant",
        "study/experiments/variance/residual_blocks/figures.py",
        'log2(1 + settings["blocks"] ** (-2 * power))',
        'log2(1 + settings["blocks"] ** -power)',
        experiments=("residual_blocks",),
    ),
    # What is committed
    PlantedFault(
        "a stored mean is changed by hand",
        "outputs/reference/variance/residual_blocks/values.json",
        '"mean": 2.68649',
        '"mean": 2.69649',
        experiments=("residual_blocks",),
    ),
    PlantedFault(
        "a stored table is changed by hand",
        "outputs/reference/variance/residual_blocks/blocks.csv",
        "unscaled,2,2.0115,0.0224598",
        "unscaled,2,2.1115,0.0224598",
        experiments=("residual_blocks",),
    ),
    # Site and pages
    PlantedFault(
        "a table of claims shows the prediction as measured",
        "study/site/claims.py",
        "                measured(run, claim),\n                *expected(claim),\n",
        "                *expected(claim),\n                measured(run, claim),\n",
        ("tests/site/test_directives.py",),
    ),
    PlantedFault(
        "a line of a source shows the verdict of another claim",
        "study/site/claims.py",
        "judged(run, claim),\n                    explanation,",
        "judged(run, run.judgements[0]),\n                    explanation,",
        ("tests/site/test_directives.py",),
    ),
    PlantedFault(
        "the mark of the exploratory claims is turned round",
        "study/site/nodes.py",
        'if run.exploratory(claim["id"]) else []',
        'if not run.exploratory(claim["id"]) else []',
        ("tests/site/test_directives.py",),
    ),
    PlantedFault(
        "a table of values shows the half width as the mean",
        "study/site/directives.py",
        "rows.append([[anchor], formatted(value), str(value.draws)])",
        'rows.append([[anchor], f"{value.half_width:.3g}", str(value.draws)])',
        ("tests/site/test_sheets.py", "tests/site/test_directives.py"),
    ),
    PlantedFault(
        "a rerun is shown with the numbers of the reference",
        "study/site/directives.py",
        "formatted(row.value),",
        "formatted(row.reference),",
        ("tests/site/test_directives.py",),
    ),
    PlantedFault(
        "a measured number is typed by hand",
        "docs/chapters/variance-through-depth.md",
        "{value}`variance_through_depth:variance_factor.one`",
        "0.34 ± 0.02",
        ("tests/test_prose.py",),
    ),
    PlantedFault(
        "a statement of a note is left out of its page",
        "docs/notes.md",
        "s000-train-stats-deviation\n",
        "",
        ("tests/site/test_notes.py",),
    ),
)


def selection(*faults: PlantedFault) -> list[str]:
    """Return what to tell pytest, so that it runs the tests that could notice some faults."""
    tests = {module for fault in faults for module in fault.tests}
    names = {name for fault in faults for name in fault.experiments}
    tests |= {f"tests/experiments/{catalogue.group(name)}/test_{name}.py" for name in names}
    # Of what has parameters only those modules, and what has an experiment for its parameter.
    chosen = {Path(module).name for module in tests}
    chosen |= {f"[{name}{end}" for name in names for end in "]-"}
    doctests = {fault.path for fault in faults if fault.path.endswith(".py")}
    contract = ["tests/contract"] if names else []
    return [*sorted(tests | doctests), *contract, "-k", " or ".join(["not [", *sorted(chosen)])]


def failing(folder: Path, *options: str) -> Noticed:
    """Run pytest in a copy of the project and return which tests fail.

    Args:
        folder: of the copy.
        options: what to tell pytest.

    Raises:
        SystemExit: if pytest itself fails.
    """
    told = ("-q", "--tb=no", "-rfE", "-p", "no:cacheprovider", "--continue-on-collection-errors")
    command = [sys.executable, "-m", "pytest", *told, *options]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode not in {0, 1, 5}:  # all is well, some fail, there is none
        sys.exit(done.stdout + done.stderr)
    ids = re.findall(r"^(?:FAILED|ERROR) ([^\s\[]+)", done.stdout, re.MULTILINE)
    return dict(
        sorted(Counter(one for one in ids if one.split("::")[-1] not in FINGERPRINTS).items())
    )


@contextmanager
def copied(root: Path) -> Iterator[Path]:
    """Give a copy of the files that git knows or would know.

    Args:
        root: the project's folder.
    """
    listed = ["git", "-C", str(root), "ls-files", "-z", "--cached", "--others"]
    listed += ["--exclude-standard"]
    names = subprocess.run(listed, capture_output=True, text=True, check=True).stdout.split("\0")
    with tempfile.TemporaryDirectory() as folder:
        for name in (one for one in names if (root / one).is_file()):
            place = Path(folder, name)
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(root / name, place)
        yield Path(folder)


@contextmanager
def planted(fault: PlantedFault, folder: Path) -> Iterator[None]:
    """Plant a fault in a copy of the project, for as long as the block lasts."""
    file = folder / fault.path
    sound = file.read_text(encoding="utf-8")
    file.write_text(sound.replace(fault.old, fault.new), encoding="utf-8")
    try:
        yield
    finally:
        file.write_text(sound, encoding="utf-8")


def plant(faults: Sequence[PlantedFault], tier: str, folder: Path) -> Iterator[tuple[str, Noticed]]:
    """Plant faults one by one, and yield for each its name and which tests notice it.

    Args:
        faults: the faults.
        tier: which tests are run.
        folder: of a copy of the project.

    Raises:
        SystemExit: if a test fails without any fault.
    """
    if wrong := failing(folder, *selection(*faults), *TIERS[tier]):
        sys.exit(f"these fail without any fault: {', '.join(wrong)}")
    for fault in faults:
        with planted(fault, folder):
            yield fault.name, failing(folder, *selection(fault), *TIERS[tier])


def main() -> None:
    """Plant the faults that the command line names, and note which tests notice each."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--full", action="store_true", help="what only the full tier has")
    parser.add_argument("names", nargs="*", help="words of their names; without any, all")
    arguments = parser.parse_args()
    if not os.environ.get(FOLDER_VARIABLE):
        sys.exit(f"{FOLDER_VARIABLE}: must name the folder of the four MNIST files")
    words = arguments.names or [""]
    faults = [fault for fault in FAULTS if any(word in fault.name for word in words)]
    if not faults:
        sys.exit(f"{' '.join(words)}: in the name of no fault")
    tier = "full" if arguments.full else "fast"
    with copied(ROOT) as folder:
        for name, noticed in plant(faults, tier, folder):
            known = read_json(RECORD, {})
            write_json(RECORD, known | {name: known.get(name, {}) | {tier: noticed}})
            print(f"{name}: {', '.join(noticed) or 'nothing notices it'}", flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
