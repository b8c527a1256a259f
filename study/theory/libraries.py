r"""What torch, Keras, JAX and Flax call the usual initialisers, and how large the weights become.

A library reads the two fans off the shape of a kernel: one axis counts as that of the inputs, one
as that of the outputs, and all others multiply both. Whether that counts what a unit adds up
depends on the layout of the kernel, which is another one in each library and for each kind of
layer. Here both stand as data, so that the two can be compared; a test compares the data with the
libraries.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import erf, exp, inf, pi, prod, sqrt
from typing import Literal, TypeAlias

from study.errors import StudyError

Fan: TypeAlias = Literal["fan_in", "fan_out", "fan_avg"]
Distribution: TypeAlias = Literal["normal", "uniform", "truncated"]

CUT = 2.0
"""Where a truncated normal distribution ends."""

AXES = {"torch": (1, 0), "Keras": (-2, -1), "JAX": (-2, -1), "Flax": (-2, -1)}
"""Which axis of a kernel each library takes for the inputs, and which for the outputs."""

CONNECTIONS = {
    "dense": (("in",), ("out",)),
    "convolution": (("k", "k", "in"), ("k", "k", "out")),
    "grouped": (("k", "k", "in/groups"), ("k", "k", "out/groups")),
    "depthwise": (("k", "k"), ("k", "k", "multiplier")),
    "transposed": (("k", "k", "in"), ("k", "k", "out")),
}
"""How many weights meet in one entry of the output, and how many leave one entry of the input, by
the kind of layer: at stride 1, away from the edges of the map."""


@dataclass(frozen=True)
class Kernel:
    """The weights of a layer, as a library keeps them.

    Attributes:
        library: one of ``AXES``.
        kind: one of ``CONNECTIONS``.
        layer: what makes or takes such a kernel.
        layout: the sizes of the axes, in order: products and quotients of ``in``, ``out``,
            ``groups``, ``channels``, ``multiplier`` and the kernel's side ``k``.
    """

    library: str
    kind: str
    layer: str
    layout: tuple[str, ...]


KERNELS = (
    Kernel("torch", "dense", "nn.Linear", ("out", "in")),
    Kernel("Keras", "dense", "layers.Dense", ("in", "out")),
    Kernel("JAX", "dense", "x @ w", ("in", "out")),
    Kernel("Flax", "dense", "nnx.Linear", ("in", "out")),
    Kernel("torch", "convolution", "nn.Conv2d", ("out", "in", "k", "k")),
    Kernel("Keras", "convolution", "layers.Conv2D", ("k", "k", "in", "out")),
    Kernel("JAX", "convolution", "lax.conv", ("out", "in", "k", "k")),
    Kernel("Flax", "convolution", "nnx.Conv", ("k", "k", "in", "out")),
    Kernel("torch", "grouped", "nn.Conv2d", ("out", "in/groups", "k", "k")),
    Kernel("Keras", "grouped", "layers.Conv2D", ("k", "k", "in/groups", "out")),
    Kernel("JAX", "grouped", "lax.conv_general_dilated", ("out", "in/groups", "k", "k")),
    Kernel("Flax", "grouped", "nnx.Conv", ("k", "k", "in/groups", "out")),
    Kernel("torch", "depthwise", "nn.Conv2d", ("channels·multiplier", "1", "k", "k")),
    Kernel("Keras", "depthwise", "layers.DepthwiseConv2D", ("k", "k", "channels", "multiplier")),
    Kernel("JAX", "depthwise", "lax.conv_general_dilated", ("channels·multiplier", "1", "k", "k")),
    Kernel("Flax", "depthwise", "nnx.Conv", ("k", "k", "1", "channels·multiplier")),
    Kernel("torch", "transposed", "nn.ConvTranspose2d", ("in", "out", "k", "k")),
    Kernel("Keras", "transposed", "layers.Conv2DTranspose", ("k", "k", "out", "in")),
    Kernel("JAX", "transposed", "lax.conv_transpose", ("k", "k", "in", "out")),
    Kernel("Flax", "transposed", "nnx.ConvTranspose", ("k", "k", "in", "out")),
)
"""The kernels of every library, those of JAX in the layout that its functions take unless told."""


@dataclass(frozen=True)
class Initialiser:
    r"""A call of a library that draws weights of variance ``scale`` over a fan.

    Attributes:
        library: one of ``AXES``.
        wish: what it is for, one of ``WISHES``.
        function: its name.
        scale: the variance of a weight times the fan.
        fan: which fan; ``fan_avg`` is the mean of the two.
        distribution: of a weight; *truncated* is normal, cut off at ``CUT`` standard deviations
            and divided by the standard deviation of what is left.
        options: the arguments beside the weights, by keyword.
    """

    library: str
    wish: str
    function: str
    scale: float
    fan: Fan
    distribution: Distribution
    options: tuple[tuple[str, float | str], ...] = ()

    @property
    def call(self) -> str:
        """Return how it is written; torch fills weights that are there.

        >>> named("torch", "LeCun for SELU").call
        'nn.init.kaiming_normal_(w, nonlinearity="linear")'
        """
        weights = ["w"] if self.library == "torch" else []
        options = [
            f'{key}="{value}"' if isinstance(value, str) else f"{key}={value:g}"
            for key, value in self.options
        ]
        return f"{self.function}({', '.join(weights + options)})"


WISHES = (
    "He for ReLU",
    "He for ReLU, uniform",
    "He for ReLU, not cut off",
    "Glorot for tanh",
    "Glorot for tanh, normal",
    "LeCun for SELU",
    "nothing",
)
"""What one may want; *nothing* is what a layer draws if it is told nothing."""

_HE, _HE_UNIFORM, _HE_UNCUT, _GLOROT, _GLOROT_NORMAL, _LECUN, _NOTHING = WISHES
_RELU, _LINEAR = (("nonlinearity", "relu"),), (("nonlinearity", "linear"),)
_FAN_IN: tuple[tuple[str, float | str], ...] = (("scale", 2.0), ("mode", "fan_in"))
_TORCH = (
    Initialiser("torch", _HE, "nn.init.kaiming_normal_", 2, "fan_in", "normal", _RELU),
    Initialiser("torch", _HE_UNIFORM, "nn.init.kaiming_uniform_", 2, "fan_in", "uniform", _RELU),
    Initialiser("torch", _HE_UNCUT, "nn.init.kaiming_normal_", 2, "fan_in", "normal", _RELU),
    Initialiser("torch", _GLOROT, "nn.init.xavier_uniform_", 1, "fan_avg", "uniform"),
    Initialiser("torch", _GLOROT_NORMAL, "nn.init.xavier_normal_", 1, "fan_avg", "normal"),
    Initialiser("torch", _LECUN, "nn.init.kaiming_normal_", 1, "fan_in", "normal", _LINEAR),
    Initialiser(
        "torch", _NOTHING, "nn.init.kaiming_uniform_", 1 / 3, "fan_in", "uniform", (("a", 5**0.5),)
    ),
)
_KERAS = (
    Initialiser("Keras", _HE, "initializers.HeNormal", 2, "fan_in", "truncated"),
    Initialiser("Keras", _HE_UNIFORM, "initializers.HeUniform", 2, "fan_in", "uniform"),
    Initialiser(
        "Keras",
        _HE_UNCUT,
        "initializers.VarianceScaling",
        2,
        "fan_in",
        "normal",
        (*_FAN_IN, ("distribution", "untruncated_normal")),
    ),
    Initialiser("Keras", _GLOROT, "initializers.GlorotUniform", 1, "fan_avg", "uniform"),
    Initialiser("Keras", _GLOROT_NORMAL, "initializers.GlorotNormal", 1, "fan_avg", "truncated"),
    Initialiser("Keras", _LECUN, "initializers.LecunNormal", 1, "fan_in", "truncated"),
    Initialiser("Keras", _NOTHING, "initializers.GlorotUniform", 1, "fan_avg", "uniform"),
)
_JAX = (
    Initialiser("JAX", _HE, "jax.nn.initializers.he_normal", 2, "fan_in", "truncated"),
    Initialiser("JAX", _HE_UNIFORM, "jax.nn.initializers.he_uniform", 2, "fan_in", "uniform"),
    Initialiser(
        "JAX",
        _HE_UNCUT,
        "jax.nn.initializers.variance_scaling",
        2,
        "fan_in",
        "normal",
        (*_FAN_IN, ("distribution", "normal")),
    ),
    Initialiser("JAX", _GLOROT, "jax.nn.initializers.glorot_uniform", 1, "fan_avg", "uniform"),
    Initialiser(
        "JAX", _GLOROT_NORMAL, "jax.nn.initializers.glorot_normal", 1, "fan_avg", "truncated"
    ),
    Initialiser("JAX", _LECUN, "jax.nn.initializers.lecun_normal", 1, "fan_in", "truncated"),
)
_FLAX = tuple(  # it hands on what JAX has
    replace(call, library="Flax", function=call.function.replace("jax.nn.", "nnx."))
    for call in _JAX
)
INITIALISERS = (*_TORCH, *_KERAS, *_JAX, *_FLAX, replace(_FLAX[-1], wish=_NOTHING))
"""All of them; JAX has no layers, so none that is told nothing."""


@dataclass(frozen=True)
class Truncation:
    """A call that draws normal numbers, cuts them off and corrects nothing.

    Attributes:
        library: one of ``AXES``.
        function: its name.
        option: its argument for the standard deviation before the cut.
        relative: whether ``CUT`` counts standard deviations; else it is the number itself.
    """

    library: str
    function: str
    option: str
    relative: bool

    def standard_deviation(self, requested: float) -> float:
        """Return the standard deviation of what is left.

        Args:
            requested: the standard deviation that is handed to the call.

        >>> torch, keras = TRUNCATIONS[:2]
        >>> round(keras.standard_deviation(0.05), 4), round(torch.standard_deviation(0.05), 4)
        (0.044, 0.05)
        """
        return requested * share_left(CUT if self.relative else CUT / requested)


TRUNCATIONS = (
    Truncation("torch", "nn.init.trunc_normal_", "std", relative=False),
    Truncation("Keras", "initializers.TruncatedNormal", "stddev", relative=True),
    Truncation("JAX", "jax.nn.initializers.truncated_normal", "stddev", relative=True),
    Truncation("Flax", "nnx.initializers.truncated_normal", "stddev", relative=True),
)


def share_left(cut: float) -> float:
    r"""Return the standard deviation of a unit Gaussian that is cut off to either side.

    .. math:: \sqrt{1 - \frac{2 c\,\varphi(c)}{2\Phi(c) - 1}}

    Args:
        cut: :math:`c`, the largest absolute value that is left.

    Returns:
        The standard deviation, below 1.

    **Source**: the variance of a truncated normal distribution; :math:`\varphi` and :math:`\Phi`
    are the density and the distribution function of a unit Gaussian.

    >>> round(share_left(2.0), 8), share_left(float("inf"))
    (0.87962566, 1.0)
    """
    if cut == inf:
        return 1.0
    density = exp(-cut * cut / 2) / sqrt(2 * pi)
    return sqrt(1 - 2 * cut * density / erf(cut / sqrt(2)))


def named(library: str, wish: str) -> Initialiser:
    """Return the initialiser of a library for a wish.

    Args:
        library: one of ``AXES``.
        wish: one of ``WISHES``.

    Returns:
        The initialiser.

    Raises:
        StudyError: if there is none.

    >>> named("Keras", "He for ReLU").distribution
    'truncated'
    """
    calls = {(call.library, call.wish): call for call in INITIALISERS}
    if (library, wish) not in calls:
        choices = "; ".join(f"{maker}, {aim}" for maker, aim in calls)
        raise StudyError(f"initialiser {library}, {wish}: not one of {choices}")
    return calls[library, wish]


def kernel(library: str, kind: str) -> Kernel:
    """Return the kernel of a library for a kind of layer.

    Args:
        library: one of ``AXES``.
        kind: one of ``CONNECTIONS``.

    Returns:
        The kernel.

    Raises:
        StudyError: if there is none.

    >>> kernel("Keras", "transposed").layout
    ('k', 'k', 'out', 'in')
    """
    kernels = {(weights.library, weights.kind): weights for weights in KERNELS}
    if (library, kind) not in kernels:
        choices = f"{', '.join(AXES)} and {', '.join(CONNECTIONS)}"
        raise StudyError(f"kernel {library}, {kind}: not of {choices}")
    return kernels[library, kind]


def fans(library: str, shape: Sequence[int]) -> tuple[int, int]:
    r"""Return what a library takes for fan_in and fan_out of weights of a shape.

    It asks for nothing but the shape, so it cannot know whether a kernel is transposed.

    Args:
        library: one of ``AXES``.
        shape: of the weights, two axes or more.

    Returns:
        fan_in and fan_out.

    Raises:
        StudyError: if there is no such library, or the shape has fewer than two axes.

    >>> fans("torch", (64, 32, 3, 3)), fans("Keras", (3, 3, 64, 32))
    ((288, 576), (576, 288))
    """
    if library not in AXES:
        raise StudyError(f"library {library}: not one of {', '.join(AXES)}")
    if len(shape) < 2:
        raise StudyError(f"shape {tuple(shape)}: fans need at least two axes")
    into, out_of = AXES[library]
    size = prod(shape)
    return size // shape[out_of], size // shape[into]


def shape(library: str, kind: str, sizes: Mapping[str, int]) -> tuple[int, ...]:
    """Return the shape that a library gives the weights of a layer.

    Args:
        library: one of ``AXES``.
        kind: one of ``CONNECTIONS``.
        sizes: the number that each word of the layout stands for.

    Returns:
        The shape.

    Raises:
        StudyError: if there is no such kernel, or a size is missing.

    >>> shape("torch", "grouped", {"in": 64, "out": 32, "groups": 4, "k": 3})
    (32, 16, 3, 3)
    """
    return tuple(_count([axis], sizes) for axis in kernel(library, kind).layout)


def connections(kind: str, sizes: Mapping[str, int]) -> tuple[int, int]:
    """Return how many weights meet in an entry of the output, and leave one of the input.

    These are the fans that keep a signal and a gradient, at stride 1 and away from the edges.

    Args:
        kind: one of ``CONNECTIONS``.
        sizes: as in :func:`shape`.

    Returns:
        The two counts.

    Raises:
        StudyError: if there is no such kind, or a size is missing.

    >>> connections("transposed", {"in": 64, "out": 32, "k": 3})
    (576, 288)
    """
    if kind not in CONNECTIONS:
        raise StudyError(f"kind {kind}: not one of {', '.join(CONNECTIONS)}")
    into, out_of = CONNECTIONS[kind]
    return _count(into, sizes), _count(out_of, sizes)


def standard_deviation(initialiser: Initialiser, shape: Sequence[int]) -> float:
    """Return the standard deviation of the weights that a call draws.

    Args:
        initialiser: the call.
        shape: of the weights.

    Returns:
        The standard deviation after any cut.

    Raises:
        StudyError: if the shape has fewer than two axes.

    >>> standard_deviation(named("Keras", "He for ReLU"), (8, 32))
    0.5
    """
    fan_in, fan_out = fans(initialiser.library, shape)
    fan = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2}
    return sqrt(initialiser.scale / fan[initialiser.fan])


def powers(axes: Iterable[str]) -> Counter[str]:
    """Return the power of each size in a product of axes.

    >>> sorted(powers(["k", "k", "in/groups", "1"]).items())
    [('groups', -1), ('in', 1), ('k', 2)]
    """
    total: Counter[str] = Counter()
    for axis in axes:
        above, _, below = axis.partition("/")
        total.update(above.split("·"))
        total.subtract(filter(None, below.split("·")))
    return Counter({size: power for size, power in total.items() if power and size != "1"})


def symbolic_fans(weights: Kernel) -> tuple[Counter[str], Counter[str]]:
    """Return what a library takes for the fans of a kernel, as powers of its sizes.

    >>> fan_in, _ = symbolic_fans(kernel("Keras", "depthwise"))
    >>> sorted(fan_in.items())
    [('channels', 1), ('k', 2)]
    """
    into, out_of = (axis % len(weights.layout) for axis in AXES[weights.library])
    fan_in, fan_out = (
        powers(size for axis, size in enumerate(weights.layout) if axis != across)
        for across in (out_of, into)
    )
    return fan_in, fan_out


def _count(axes: Iterable[str], sizes: Mapping[str, int]) -> int:
    product = powers(axes)
    if missing := sorted(product.keys() - sizes.keys()):
        raise StudyError(f"sizes: {', '.join(missing)} missing")
    above = prod(sizes[size] ** power for size, power in product.items() if power > 0)
    below = prod(sizes[size] ** -power for size, power in product.items() if power < 0)
    if above % below:
        raise StudyError(f"sizes: {above} is no multiple of {below}")
    return int(above // below)
