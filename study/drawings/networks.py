"""Drawings of whole networks: their layers as bars, what goes up and what comes down."""

from itertools import pairwise
from math import expm1, log, log2, prod, sqrt

from study.drawings.canvas import Drawing, Tone, arrow, axis, bar, box, curve, line, number, words
from study.theory.activations import activation
from study.theory.finite_width import log_norm, log_norm_drift, overflowing_layer, vanishing_layer
from study.theory.mean_field import length_fixed_point
from study.theory.variance import backward_factor, forward_factor, second_moment_after

WIDTHS = (64, 32, 16, 8)
POWERS = (1e-45, 1e-20, 1.0, 1e20, 1e38)
POWER_OF_FLOAT32 = 128
"""Of the numbers of float32, the least power of two that is beyond them."""


def widths_with_signal_and_gradient() -> Drawing:
    """With 2/fan_in a funnel keeps the signal, and shrinks the gradient with the widths."""
    signals = [second_moment_after(layer, forward_factor(2.0, 0.0)) for layer in range(len(WIDTHS))]
    gradients = [1.0]
    for above, below in zip(WIDTHS[:0:-1], WIDTHS[-2::-1], strict=True):
        gradients.insert(0, gradients[0] * backward_factor(2.0, 0.0, above / below))
    places = [60 + 84 * at for at in range(len(WIDTHS))]
    floor, scale = 142.0, 0.85
    parts = [
        part
        for x, width, signal, gradient in zip(places, WIDTHS, signals, gradients, strict=True)
        for part in (
            bar((x, floor), scale * width, width=34, tone="faint", key=f"width {width}", pale=True),
            words((x, floor - 6), number(width)),
            words((x, 60), number(signal), tone="signal", bold=True),
            words((x, floor + 28), number(gradient), tone="gradient", bold=True),
        )
    ]
    for left, right in pairwise(places):
        parts += [
            arrow((left + 16, 55), (right - 16, 55), tone="signal"),
            arrow((right - 24, floor + 23), (left + 24, floor + 23), tone="gradient"),
        ]
    return Drawing(
        title="One fan keeps one direction",
        text="Bars for the widths of four layers, "
        f"{', '.join(map(number, WIDTHS))}. Above them the mean square of the signal, "
        f"{', '.join(map(number, signals))}; below them that of the gradient, "
        f"{', '.join(map(number, gradients))}.",
        height=floor + 62,
        parts=(
            words((8, 22), "2/fan_in keeps the signal …", tone="signal", anchor="start", bold=True),
            *parts,
            words(
                (352, floor + 52),
                "… and not the gradient, on its way down",
                tone="gradient",
                anchor="end",
                bold=True,
            ),
        ),
        numbers={
            **{f"width {width}": width for width in WIDTHS},
            **{f"signal {at}": signal for at, signal in enumerate(signals)},
            **{f"gradient {at}": gradient for at, gradient in enumerate(gradients)},
        },
    )


def halving_by_layer() -> Drawing:
    """At 1/n each ReLU layer leaves half of the mean square; at 2/n it leaves all of it."""
    return _against_two_over_n("1/n", 1.0, layers=8)


def torch_default_by_layer() -> Drawing:
    """With torch's own weights, of variance 1/(3n), a ReLU layer leaves a sixth."""
    return _against_two_over_n("1/(3n)", 1 / 3, layers=4)


def _against_two_over_n(name: str, weight_variance: float, layers: int) -> Drawing:
    """Draw the mean square layer by layer at 2/n, and below it at a smaller variance."""
    step = 288 / layers
    sizes = {
        label: [second_moment_after(layer, forward_factor(c, 0.0)) for layer in range(layers + 1)]
        for label, c in (("2/n", 2.0), (name, weight_variance))
    }
    left = number(sizes[name][-1])

    def row(floor: float, label: str, tone: Tone) -> list[str]:
        return [
            words((22, floor - 72), label, anchor="start", bold=True, tone=tone),
            *(
                bar((40 + step * at, floor), 60 * size, width=22, tone=tone, key=f"{label} {at}")
                for at, size in enumerate(sizes[label])
            ),
            axis((22, floor), (346, floor)),
        ]

    marks = [at for at in range(1, layers + 1) if at % (layers // 4) == 0]
    parts = (
        *row(98, "2/n", "signal"),
        *row(200, name, "gradient"),
        words((40, 219), "layer", size=13),
        *(words((40 + step * at, 219), number(at), size=13) for at in marks),
        words((346, 160), f"{left} is left", anchor="end", tone="gradient", bold=True),
    )
    return Drawing(
        title=f"{layers} layers at 2/n and at {name}",
        text="Bars for the mean square of the signal, layer by layer. At variance 2/n all have the "
        f"same height; at {name} each is {number(sizes[name][1])} of the one before, and after "
        f"{number(layers)} layers {left} is left.",
        height=230,
        parts=parts,
        numbers={
            **{
                f"{label} {at}": size for label, row in sizes.items() for at, size in enumerate(row)
            },
            **{f"layer {at}": at for at in marks},
        },
    )


def drifting_networks() -> Drawing:
    """At 2/n the expectation stays, and almost every deep network drifts down."""
    width, layers = 100, 1000
    law = log_norm(width)
    ten = log(10)
    left, right, top, floor, scale = 30.0, 350.0, 56.0, 206.0, 8.0

    def path(deviations: float, *, back: bool = False) -> list[tuple[float, float]]:
        steps = [layers * at / 50 for at in range(51)]
        points = [
            (
                left + (right - left) * layer / layers,
                top - scale * (layer * law.drift + deviations * sqrt(layer * law.variance)) / ten,
            )
            for layer in steps
        ]
        return points[::-1] if back else points

    median = 10 ** (law.drift * layers / ten)
    fall = number(median)
    parts = (
        line((left, top), (right, top), tone="gradient", width=2.4),
        words((right, top - 30), "the expectation stays", anchor="end", tone="gradient", bold=True),
        *(
            curve(path(deviations / 4), tone="signal", width=0.8)
            for deviations in range(-7, 8)
            if deviations
        ),
        curve(path(0), tone="signal", width=3),
        words((left - 8, top + 5), number(1), anchor="end"),
        line((left, top - 26), (left, floor), tone="faint", width=1.2),
        axis(
            (left, floor),
            (right, floor),
            [((left + right) / 2, "layers"), (right - 14, number(layers))],
        ),
        words((left + 8, floor - 48), "almost all", anchor="start", tone="signal", bold=True),
        words((left + 8, floor - 29), "networks fade:", anchor="start", tone="signal", bold=True),
        words((left + 8, floor - 10), f"half fall below {fall}", anchor="start", tone="signal"),
    )
    return Drawing(
        title="The expectation stays, the networks fade",
        text=f"The size of ReLU networks of width {number(width)} over {number(layers)} layers. "
        f"The expectation is a level line at {number(1)}; the networks fan out and fade, half of "
        f"them below {fall}.",
        height=floor + 26,
        parts=parts,
        numbers={"width": width, "layers": layers, "expectation": 1, "median": median},
    )


def float32_ruler() -> Drawing:
    """Where a ReLU signal leaves the numbers that float32 can hold, by the weights' variance."""
    low, high = -149.0, 128.0
    rows = [
        ("4/n", overflowing_layer(4.0).layer, high, "too large"),
        ("1/n", vanishing_layer(1.0).layer, low, "zero"),
        ("1/(3n)", vanishing_layer(1 / 3).layer, low, "zero"),
    ]
    left, right = 20.0, 340.0

    def across(exponent: float) -> float:
        return left + (right - left) * (exponent - low) / (high - low)

    floor = 170.0
    parts = [
        words((8, 22), "at which layer float32 ends", anchor="start", bold=True),
        axis(
            (left, floor),
            (right, floor),
            [(across(log2(power)), number(power)) for power in POWERS],
        ),
        line((across(0), 40), (across(0), floor), tone="faint", dashed=True),
    ]
    for at, (name, layer, end, fate) in enumerate(rows):
        y = 62 + 38 * at
        grows = end > 0
        tone: Tone = "gradient" if grows else "signal"
        parts += [
            arrow((across(0), y), (across(end), y), tone=tone, width=2),
            words(
                (across(0) + (-8 if grows else 8), y + 5),
                name,
                tone=tone,
                anchor="end" if grows else "start",
                bold=True,
            ),
            words(
                ((across(0) + across(end)) / 2, y - 7),
                f"{fate} at {number(round(layer))}",
                size=13,
            ),
        ]
    parts.append(words((8, floor + 46), "2/n stays at 1, on average", anchor="start"))
    return Drawing(
        title="Where float32 ends",
        text="A ruler of the sizes that float32 holds. A ReLU signal starts from 1; at the "
        "variance "
        + "; ".join(f"{n} it is {fate} at layer {number(round(m))}" for n, m, _, fate in rows)
        + ".",
        height=floor + 58,
        parts=tuple(parts),
        numbers={
            **{f"layer {name}": round(layer) for name, layer, _, _ in rows},
            **{f"mark {power:.0e}": power for power in POWERS},
        },
    )


def the_last_layer_decides() -> Drawing:
    """Where widths are equal the two fans are one; where the last layer is narrow they part."""
    widths = (100, 100, 100, 10)
    signals = {"2/fan_in": [1.0], "2/fan_out": [1.0]}
    for below, above in pairwise(widths):
        keep = forward_factor(2.0, 0.0)
        signals["2/fan_in"].append(signals["2/fan_in"][-1] * keep)
        signals["2/fan_out"].append(signals["2/fan_out"][-1] * keep * below / above)
    places = [130 + 66 * at for at in range(len(widths))]
    floor, scale = 112.0, 0.6
    parts = [words((8, 22), "mean squares, layer by layer", anchor="start", bold=True)]
    parts.append(words((8, floor - 6), "width", anchor="start"))
    for x, width in zip(places, widths, strict=True):
        parts += [
            bar((x, floor), scale * width, width=44, tone="faint", key=f"width {width}", pale=True),
            words((x, floor - 8), number(width)),
        ]
    tones: tuple[Tone, ...] = ("signal", "gradient")
    for row, ((name, sizes), tone) in enumerate(zip(signals.items(), tones, strict=True)):
        y = floor + 32 + 28 * row
        parts.append(words((8, y), name, tone=tone, anchor="start", bold=True))
        parts += [
            words((x, y), number(size), tone=tone, bold=size != 1)
            for x, size in zip(places, sizes, strict=True)
        ]
    end = signals["2/fan_out"][-1]
    return Drawing(
        title="The last layer decides",
        text=f"A network of widths {', '.join(map(number, widths))}. With 2/fan_in the mean square "
        f"is {number(1)} in every layer; with 2/fan_out it is so too, but in the last layer it is "
        f"{number(end)}.",
        height=floor + 74,
        parts=tuple(parts),
        numbers={
            **{f"width {width}": width for width in widths},
            "fan_in": signals["2/fan_in"][-1],
            "fan_out": end,
        },
    )


def weight_gradients_by_fan() -> Drawing:
    """Dividing by one fan makes the weight gradients go as one over the other."""
    widths = (4, 8, 2, 8)
    layers = tuple(pairwise(widths))
    fans: dict[str, list[float]] = {
        "2/fan_in": [inputs for inputs, _ in layers],
        "2/fan_out": [outputs for _, outputs in layers],
        "2/geom. mean": [sqrt(inputs * outputs) for inputs, outputs in layers],
    }
    floor, scale = 146.0, 22.0
    parts = [words((8, 22), "mean square of the weight gradient", anchor="start", bold=True)]
    numbers: dict[str, float] = {"first": 1, "second": 2, "third": 3}
    clauses = []
    for at, (mode, by_layer) in enumerate(fans.items()):
        middle = 64 + 116 * at
        variances = [2 * inputs / fan for (inputs, _), fan in zip(layers, by_layer, strict=True)]
        up = [forward_factor(c, 0.0) for c in variances]
        down = [
            backward_factor(c, 0.0, above / below)
            for c, (below, above) in zip(variances, layers, strict=True)
        ]
        squares = [prod(up[:layer]) * prod(down[layer + 1 :]) for layer in range(len(up))]
        shares = [square / squares[0] for square in squares]
        parts += [line((middle - 54, floor), (middle + 54, floor), tone="faint", width=1.2)]
        for layer, share in enumerate(shares):
            x, key = middle + 36 * (layer - 1), f"{mode}, layer {layer + 1}"
            numbers[key] = share
            parts += [
                bar((x, floor), scale * share, width=26, tone="gradient", key=key),
                words((x, floor - scale * share - 6), number(share), size=13),
                words((x, floor + 18), number(layer + 1), size=13),
            ]
        parts.append(words((middle, floor + 42), mode, bold=True))
        clauses.append(f"{', '.join(map(number, shares))} with {mode}")
    return Drawing(
        title="The fans change places",
        text="Bars for the weight gradients of three layers, over that of the first: "
        + "; ".join(clauses)
        + ".",
        height=floor + 52,
        parts=tuple(parts),
        numbers=numbers,
    )


def six_schemes() -> Drawing:
    """Two weight variances and three kinds of layers, and where a thousand layers take a signal."""
    layers, width = 1000, 128
    relu, linear = (layers * log_norm_drift(width, slope) / log(2) for slope in (0.0, 1.0))
    settled = length_fixed_point(activation("tanh"), 2.0, 0.0) / 2
    powers = {
        "1/n": (relu - layers, linear, -log2(2 * width * expm1(layers / width))),
        "2/n": (relu, linear + layers, log2(settled)),
    }
    kinds = "ReLU", "linear", "tanh"
    left, top, across, down = 52, 58, 102, 44
    parts = [
        words((8, 22), f"powers of two behind {number(layers)} layers", anchor="start", bold=True),
        *(words((left + across * (at + 0.5), top - 10), kind) for at, kind in enumerate(kinds)),
    ]
    for row, (variance, ends) in enumerate(powers.items()):
        y = top + down * row
        parts.append(words((left - 8, y + 26), variance, anchor="end"))
        for at, end in enumerate(ends):
            tone: Tone = "gradient" if abs(end) > POWER_OF_FLOAT32 else "signal"
            parts += [
                box(
                    (left + across * at + 2, y + 2),
                    (across - 4, down - 4),
                    tone=tone,
                    filled=tone == "signal",
                ),
                words((left + across * (at + 0.5), y + 27), number(end), tone=tone, bold=True),
            ]
    clauses = (
        f"{kind} {variance}: {number(end)}"
        for variance, ends in powers.items()
        for kind, end in zip(kinds, ends, strict=True)
    )
    return Drawing(
        title="Six schemes",
        text=f"The typical mean square behind {number(layers)} layers of {number(width)} units, in "
        f"powers of two. {', '.join(clauses)}. A float32 holds four of them.",
        height=top + 2 * down + 12,
        parts=tuple(parts),
        numbers={"layers": layers, "width": width, "numerator 1": 1, "numerator 2": 2}
        | {
            f"{kind}, {variance}": end
            for variance, ends in powers.items()
            for kind, end in zip(kinds, ends, strict=True)
        },
    )
