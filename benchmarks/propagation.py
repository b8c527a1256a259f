"""Propagation through a thousand layers, against a learner's loop and against the machine's limit.

The sweep is one draw of a network of width 512 in eight schemes, four gains under ReLU and four
under tanh, with all statistics of the signal and of the gradient. As in a study it runs on one
thread in a process of its own: first alone, then as many at a time as there are cores, each its own
draw. In the same process and in turn with it:

* the *limit*: the random numbers and the matrix products that no way of computing can do without,
  each alone, on one thread too; measured at some layers, and taken to the depth;
* the *learner's loop*: ``nn.Sequential``, hooks, autograd, one scheme after another, with a thread
  for each core. Only the process that is alone runs it.

Where less than 80 % of the time is that of the limit, a profile says what the rest goes to.

With less memory the layers are taken in segments, and all but the last segment are drawn and
computed twice on the way up; the limit there counts both times.

The machine may be noisy, so only ratios within a run count. Run it with ``nox -s benchmarks``; with
``-- quick`` at a tenth of the depth.
"""

import cProfile
import pstats
import resource
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from multiprocessing import Manager
from pathlib import Path
from statistics import mean, median
from time import perf_counter
from typing import Literal

import torch
from torch import Tensor, nn

from study.engine.local import cores, processes
from study.lab.activations import activation
from study.lab.inits import RandomLayers
from study.lab.propagation import Scheme, distinct, propagate
from study.lab.workspaces import Workspace

WIDTH = 512
GAINS = {"relu": (1.0, 1.5, 2.0, 2.5), "tanh": (0.9, 1.0, 1.21, 25 / 9)}
SCHEMES = [Scheme(activation(name), c) for name, gains in GAINS.items() for c in gains]
KEPT = 2**33
"""Bytes of a workspace that holds a thousand layers of 256 images."""
CHECKPOINTED = 2**26
"""Bytes of a segment, so that a hundred layers take several segments already."""
ENOUGH = 0.8
Mode = Literal["alone", "beside others", "checkpointed"]


def main() -> None:
    """Print seconds, ratios and memory."""
    torch.set_num_threads(1)
    quick = "quick" in sys.argv
    depth = 100 if quick else 1000
    print(f"{cores()} cores, width {WIDTH}, {len(SCHEMES)} schemes, float32")
    for images in (64, 256):
        for at_a_time in sorted({1, cores()}):
            sweep(depth, images, at_a_time)
    extra_gain(depth // 5)
    checkpointed((100, 1000) if quick else (100, 1000, 10_000))


def sweep(depth: int, images: int, at_a_time: int) -> None:
    """Compare sweeps that compute no layer twice with the limit and the learner's loop."""
    mode: Mode = "alone" if at_a_time == 1 else "beside others"
    with Manager() as manager, processes(at_a_time) as pool:
        work = partial(in_turn, depth, images, mode, manager.Barrier(at_a_time).wait)
        measured = list(pool.map(work, range(at_a_time)))
    typical = {name: mean(one.seconds[name] for one in measured) for name in measured[0].seconds}
    print(f"depth {depth}, {images} images, {at_a_time} at a time:")
    for name, time in typical.items():
        print(f"  {name:9s} {time:7.2f} s")
    if "learner" in typical:
        print(f"  learner's loop over sweep: {typical['learner'] / typical['sweep']:.1f}")
    report(mean(one.fraction for one in measured), measured[0].shares)


def report(fraction: float, shares: Counter[str]) -> None:
    """Print what fraction of its time the limit takes, and where this is little, all shares."""
    print(f"  limit over sweep: {fraction:.0%}")
    if fraction < ENOUGH:
        kinds = (f"{kind} {share:.0%}" for kind, share in shares.most_common())
        print(f"    of its time: {', '.join(kinds)}")


@dataclass(frozen=True)
class Measured:
    """Typical seconds by name, the limit over the sweep, and each kind's share of the sweep."""

    seconds: dict[str, float]
    fraction: float
    shares: Counter[str]


@dataclass(frozen=True)
class Counted(RandomLayers):
    """Layers that note which weights are drawn."""

    drawn: list[int] = field(default_factory=list)

    def weights(self, layer: int, out: "Tensor | None" = None) -> Tensor:
        """Draw the weights of a layer."""
        self.drawn.append(layer)
        return super().weights(layer, out)


def in_turn(depth: int, images: int, mode: Mode, meet: Callable[[], object], draw: int) -> Measured:
    """Measure the sweep of one draw, its limit and, if alone, the learner's loop in turn.

    The processes meet before each piece of work, so that all do the same at the same time.
    """
    torch.set_num_threads(1)
    layers = Counted((WIDTH,) * (depth + 1), 0, draw)
    inputs, cotangent = layers.cotangent(images), layers.cotangent(images)
    learners = [Scheme(activation(name), 2.0) for name in GAINS]
    workspace = Workspace(CHECKPOINTED if mode == "checkpointed" else KEPT)
    rounds = min(9, max(1, 3000 // depth)) if mode == "checkpointed" else 3
    seconds: dict[str, list[float]] = {"numbers": [], "products": [], "sweep": []}

    def work() -> None:
        propagate(inputs, layers, SCHEMES, cotangent=cotangent, workspace=workspace)

    if depth <= 1000:
        work()  # pages of memory come slowly at first
    for _ in range(rounds):
        layers.drawn.clear()
        meet()
        time = timed(work)
        often = len(layers.drawn) / depth
        seconds["sweep"].append(time)
        meet()
        some = max(100, depth // 5)
        numbers, up, rest = (timed(partial(f, some)) / some for f in limit(layers, images))
        seconds["numbers"].append(depth * often * numbers)
        seconds["products"].append(depth * (often * up + rest))
        if mode == "alone":
            torch.set_num_threads(cores())
            one_each = [timed(partial(learner, depth, inputs, cotangent, one)) for one in learners]
            torch.set_num_threads(1)
            seconds.setdefault("learner", []).append(sum(one_each) * len(SCHEMES) / len(learners))
    typical = {name: median(times) for name, times in seconds.items()}
    fraction = (typical["numbers"] + typical["products"]) / typical["sweep"]
    return Measured(typical, fraction, profile(work) if depth <= 1000 else Counter())


def timed(work: Callable[[], object]) -> float:
    """Return the seconds that a piece of work takes."""
    start = perf_counter()
    work()
    return perf_counter() - start


def limit(layers: RandomLayers, images: int) -> list[Callable[[int], None]]:
    """Return what has to be done at some layers: numbers, products on the way up, and the rest.

    A signal is multiplied by the weights on the way up and a gradient on the way down, for each
    image and signal. With it go the inner products of signals and of gradients, from which the
    size of the weights' gradient follows. All is done at one layer again and again.
    """
    signals = len(distinct(SCHEMES))
    matrix, rows = torch.randn(WIDTH, WIDTH), torch.randn(images * signals, WIDTH)
    out, place = torch.empty_like(rows), torch.empty_like(matrix)
    of_signals, inner = rows.view(signals, images, WIDTH), torch.empty(signals, images, images)

    def numbers(count: int) -> None:
        for layer in range(1, count + 1):
            layers.weights(min(layer, layers.depth), out=place)

    def up(count: int) -> None:
        for _ in range(count):
            torch.mm(rows, matrix.T, out=out)

    def rest(count: int) -> None:
        for _ in range(count):
            torch.mm(rows, matrix, out=out)
            for _ in ("signals", "gradients"):
                torch.bmm(of_signals, of_signals.transpose(1, 2), out=inner)

    return [numbers, up, rest]


def profile(work: Callable[[], object]) -> Counter[str]:
    """Return the share of each kind of computing in the time of a piece of work."""
    profiler = cProfile.Profile()
    profiler.runcall(work)
    shares: Counter[str] = Counter()
    for function, (*_, own, _, callers) in pstats.Stats(profiler).stats.items():  # type: ignore[attr-defined]
        builtin = function[0] == "~"
        parts = (
            {by: time for by, (_, _, time, _) in callers.items()} if builtin else {function: own}
        )
        for by, time in parts.items():
            shares[kind(function[2], by[2], Path(by[0]).stem)] += time
    return Counter({name: time / shares.total() for name, time in shares.items()})


def kind(function: str, caller: str, module: str) -> str:
    """Return what kind of computing a function is, from its name and where it is called."""
    if function.rstrip(">").endswith(("torch.mm", "bmm")):
        return "products"
    if module == "inits":
        return "numbers"
    if module == "activations" or caller in {"_activation", "_derivative"}:
        return "activations and derivatives"
    if module == "statistics" or "vector_norm" in function or "'sum'" in function:
        return "statistics"
    return "other"


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


def checkpointed(depths: tuple[int, ...]) -> None:
    """Compare memory and time with the limit at several depths, each in a process of its own."""
    print(f"checkpointed, {CHECKPOINTED / 2**20:.0f} MiB for a segment, 64 images:")
    first: float | None = None
    for depth in depths:
        command = [sys.executable, "-P", str(Path(__file__)), "one", str(depth)]
        output = subprocess.run(command, check=True, capture_output=True, text=True).stdout  # noqa: S603 - this very file
        peak, per_layer, fraction, *shares = output.split(";")
        first = first or float(peak)
        print(
            f"  depth {depth:6d}: peak {float(peak):5.0f} MB ({float(peak) / first:.2f} times), "
            f"{1e3 * float(per_layer):.2f} ms per layer"
        )
        named = (share.split("=") for share in shares)
        report(float(fraction), Counter({name: float(share) for name, share in named}))


def one(depth: int) -> None:
    """Sweep in this process; print its peak memory in MB, the seconds per layer and the shares."""
    measured = in_turn(depth, 64, "checkpointed", lambda: None, 0)
    shares = [f"{name}={share}" for name, share in measured.shares.items()]
    per_layer = measured.seconds["sweep"] / depth
    print(peak_in_megabytes(), per_layer, measured.fraction, *shares, sep=";", end="")


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
