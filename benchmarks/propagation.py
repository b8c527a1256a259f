"""Propagation through a thousand layers, against a learner's loop and against the machine's limit.

The sweep is one draw of a network of width 512 in eight schemes, four gains under ReLU and four
under tanh, with all statistics of the signal and of the gradient. In the same run and in turn:

* the *learner's loop*: ``nn.Sequential``, hooks, autograd, one scheme after another, with as many
  threads as torch likes;
* the *limit*: the random numbers and the matrix products that no way of computing can do without,
  each alone, spread over the cores.

The machine may be noisy, so only ratios within a run count. Run it with ``nox -s benchmarks``; with
``-- quick`` at a tenth of the depth.
"""

import resource
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from statistics import median
from time import perf_counter

import torch
from torch import Tensor, nn

from study.lab.activations import activation
from study.lab.inits import RandomLayers
from study.lab.parallel import cores, side_by_side
from study.lab.propagation import IMAGES_OF_A_PIECE, Scheme, distinct, propagate
from study.lab.sweeps import Workspace

WIDTH = 512
GAINS = {"relu": (1.0, 1.5, 2.0, 2.5), "tanh": (0.9, 1.0, 1.21, 25 / 9)}
SCHEMES = [Scheme(activation(name), c) for name, gains in GAINS.items() for c in gains]
KEPT = 2**33
"""Bytes of a workspace that holds a thousand layers of 256 images."""
CHECKPOINTED = 2**27
"""Bytes of a segment, so that a hundred layers take several segments already."""


def main() -> None:
    """Print seconds, ratios and memory."""
    torch.set_num_threads(1)
    quick = "quick" in sys.argv
    depth = 100 if quick else 1000
    print(f"{cores()} cores, width {WIDTH}, {len(SCHEMES)} schemes, float32")
    for images in (64, 256):
        sweep(depth, images, rounds=3)
    extra_gain(depth // 5)
    memory_and_time((100, 1000) if quick else (100, 1000, 10_000))


def sweep(depth: int, images: int, rounds: int) -> None:
    """Compare a sweep that computes no layer twice with the learner's loop and with the limit."""
    layers = RandomLayers((WIDTH,) * (depth + 1), 0, 0)
    inputs, cotangent = layers.cotangent(images), layers.cotangent(images)
    seconds: dict[str, list[float]] = {"sweep": [], "learner": [], "numbers": [], "products": []}
    learners = [Scheme(activation(name), 2.0) for name in GAINS]
    workspace = Workspace(KEPT)

    def work() -> None:
        propagate(inputs, layers, SCHEMES, cotangent=cotangent, workspace=workspace)

    work()  # pages of memory come slowly at first
    for _ in range(rounds):
        seconds["numbers"].append(timed(lambda: random_numbers(layers)))
        seconds["products"].append(timed(lambda: products(depth, images)))
        seconds["sweep"].append(timed(work))
        torch.set_num_threads(cores())
        one_each = [timed(partial(learner, depth, inputs, cotangent, one)) for one in learners]
        torch.set_num_threads(1)
        seconds["learner"].append(sum(one_each) * len(SCHEMES) / len(learners))
    typical = {name: median(times) for name, times in seconds.items()}
    limit = typical["numbers"] + typical["products"]
    print(f"depth {depth}, {images} images:")
    for name, time in typical.items():
        print(f"  {name:9s} {time:7.2f} s")
    print(f"  learner's loop over sweep: {typical['learner'] / typical['sweep']:.1f}")
    print(f"  limit over sweep:          {limit / typical['sweep']:.0%}")


def timed(work: Callable[[], object]) -> float:
    """Return the seconds that a piece of work takes."""
    start = perf_counter()
    work()
    return perf_counter() - start


def random_numbers(layers: RandomLayers) -> None:
    """Draw the weights of all layers, each over those of an earlier one."""
    places = [torch.empty(WIDTH, WIDTH) for _ in range(2 * cores())]

    def draw(layer: int) -> None:
        layers.weights(layer, out=places[layer % len(places)])

    side_by_side(draw, range(1, layers.depth + 1))


def products(depth: int, images: int) -> None:
    """Multiply what has to be multiplied, at one layer again and again.

    A signal by the weights and a gradient by them, for each image and signal; and the inner
    products of signals and of gradients, from which the size of the weights' gradient follows.
    """
    signals = len(distinct(SCHEMES))
    matrix = torch.randn(WIDTH, WIDTH)

    def passes(start: int) -> None:
        rows = torch.randn(min(IMAGES_OF_A_PIECE, images - start) * signals, WIDTH)
        out = torch.empty_like(rows)
        for _ in range(depth):
            torch.mm(rows, matrix.T, out=out)
            torch.mm(rows, matrix, out=out)

    def inner(_: int) -> None:
        rows = torch.randn(signals, images, WIDTH)
        for _ in range(2 * depth // cores()):
            torch.bmm(rows, rows.transpose(1, 2))

    side_by_side(passes, range(0, images, IMAGES_OF_A_PIECE))
    side_by_side(inner, range(cores()))


def learner(depth: int, inputs: Tensor, cotangent: Tensor, scheme: Scheme) -> list[float]:
    """Measure one scheme the way one does in a notebook."""
    nonlinearity = {"relu": nn.ReLU, "tanh": nn.Tanh}[scheme.activation.name]
    modules: list[nn.Module] = []
    for std in scheme.weight_stds((WIDTH,) * (depth + 1)):
        linear = nn.Linear(WIDTH, WIDTH, bias=False)
        nn.init.normal_(linear.weight, std=std)
        modules += [linear, nonlinearity()]
    outputs: list[Tensor] = []
    statistics: list[float] = []

    def keep(_module: nn.Module, _inputs: object, output: Tensor) -> None:
        output.retain_grad()
        outputs.append(output)
        statistics.extend((output.mean().item(), output.var().item()))

    for module in modules:
        module.register_forward_hook(keep)
    (nn.Sequential(*modules)(inputs) * cotangent).sum().backward()
    gradients = [output.grad for output in outputs]
    gradients += [module.weight.grad for module in modules[::2] if isinstance(module, nn.Linear)]
    return statistics + [gradient.var().item() for gradient in gradients if gradient is not None]


def extra_gain(depth: int) -> None:
    """Measure what one more gain under ReLU adds to a sweep."""
    layers = RandomLayers((WIDTH,) * (depth + 1), 0, 0)
    inputs, cotangent = layers.cotangent(64), layers.cotangent(64)
    more = [*SCHEMES, replace(SCHEMES[0], weight_variance=3.0)]
    workspace = Workspace()

    def work(schemes: Sequence[Scheme]) -> None:
        propagate(inputs, layers, schemes, cotangent=cotangent, workspace=workspace)

    work(more)
    ratios = []
    for _ in range(7):
        eight, nine = (timed(partial(work, schemes)) for schemes in (SCHEMES, more))
        ratios.append(nine / eight - 1)
    print(f"one more gain under ReLU adds {median(ratios):.1%}")


def memory_and_time(depths: tuple[int, ...]) -> None:
    """Compare peak memory and time per layer at several depths, each in a process of its own."""
    print(f"checkpointed, {CHECKPOINTED / 2**20:.0f} MiB for a segment, 64 images:")
    first: tuple[float, float] | None = None
    for depth in depths:
        command = [sys.executable, str(Path(__file__)), "one", str(depth)]
        output = subprocess.run(command, check=True, capture_output=True, text=True).stdout  # noqa: S603 - this very file
        peak, per_layer = map(float, output.split())
        first = first or (peak, per_layer)
        print(
            f"  depth {depth:6d}: peak {peak:5.0f} MB ({peak / first[0]:.2f} times), "
            f"{1e3 * per_layer:.2f} ms per layer ({per_layer / first[1]:.2f} times)"
        )


def one(depth: int) -> None:
    """Sweep once in this process; print its peak memory in MB and the seconds per layer."""
    torch.set_num_threads(1)
    layers = RandomLayers((WIDTH,) * (depth + 1), 0, 0)
    inputs, cotangent = layers.cotangent(64), layers.cotangent(64)

    workspace = Workspace(CHECKPOINTED)

    def work() -> None:
        propagate(inputs, layers, SCHEMES, cotangent=cotangent, workspace=workspace)

    seconds = min(timed(work) for _ in range(max(1, 1000 // depth)))
    print(peak_in_megabytes(), seconds / depth)


def peak_in_megabytes() -> float:
    """Return the most memory that this process has held, where Linux tells it.

    What ``resource`` says would include the process that started this one.
    """
    status = Path("/proc/self/status")
    if status.is_file():
        (line,) = (line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return float(line.split()[1]) / 1000
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6


if __name__ == "__main__":
    if sys.argv[1:2] == ["one"]:
        one(int(sys.argv[2]))
    else:
        main()
