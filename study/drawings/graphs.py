"""Drawings of what depends on what, with numbers on the arrows."""

from study.drawings.canvas import Drawing, arrow, box, disc, line, number, words

INPUT, WEIGHT, TARGET = 2.0, 3.0, 5.0


def computation_graph() -> Drawing:
    """Numbers go up through a graph; derivatives come down, a product at each arrow."""
    product = WEIGHT * INPUT
    error = product - TARGET
    loss = error**2
    of_error = 2 * error
    of_weight, of_input = of_error * INPUT, of_error * WEIGHT
    numbers = {
        "x": INPUT,
        "w": WEIGHT,
        "y": TARGET,
        "z": product,
        "e": error,
        "L": loss,
        "dL/dL": 1.0,
        "dL/de": of_error,
        "dL/dz": of_error,
        "dL/dw": of_weight,
        "dL/dx": of_input,
    }
    centre = 110
    boxes = [
        part
        for left, text in ((20, "z = w·x"), (150, "e = z − y"), (280, "L = e²"))
        for part in (
            box((left + 2, centre - 18), (76, 36)),
            words((left + 40, centre + 5), text, bold=True),
        )
    ]
    across = [
        part
        for left, right, up, down in (
            (98, 152, product, of_error),
            (228, 282, error, of_error),
        )
        for part in (
            arrow((left, centre - 7), (right, centre - 7), tone="signal"),
            arrow((right, centre + 7), (left, centre + 7), tone="gradient"),
            words(((left + right) / 2, centre - 14), number(up), tone="signal"),
            words(((left + right) / 2, centre + 25), number(down), tone="gradient", bold=True),
        )
    ]
    columns = [
        part
        for x, name, up, down in ((36, "x", INPUT, of_input), (84, "w", WEIGHT, of_weight))
        for part in (
            words((x, 22), f"{name} = {number(up)}", tone="signal"),
            arrow((x - 6, 32), (x - 6, centre - 19), tone="signal"),
            arrow((x + 6, centre - 19), (x + 6, 32), tone="gradient"),
            words((x + 12, 68), number(down), tone="gradient", bold=True, anchor="start"),
        )
    ]
    target = [
        words((190, 22), f"y = {number(TARGET)}", tone="signal"),
        arrow((190, 32), (190, centre - 19), tone="signal"),
    ]
    result = [
        words((320, 22), f"L = {number(loss)}", tone="signal", bold=True),
        arrow((314, centre - 19), (314, 32), tone="signal"),
        arrow((326, 32), (326, centre - 19), tone="gradient"),
        words((332, 68), number(1), tone="gradient", bold=True, anchor="start"),
    ]
    rule = [
        words((20, 160), "blue: values, from left to right", tone="signal", anchor="start"),
        words(
            (20, 180),
            "orange: slopes of L, from right to left",
            tone="gradient",
            anchor="start",
        ),
    ]
    return Drawing(
        title="Values go forward, derivatives come back",
        text=f"From x = {number(INPUT)} and w = {number(WEIGHT)} follow z = {number(product)}, "
        f"with y = {number(TARGET)} the error {number(error)} and the loss {number(loss)}. On the "
        f"way back each arrow multiplies by its own derivative: {number(1)} at the loss, "
        f"{number(of_error)} at e and z, {number(of_weight)} at w and {number(of_input)} at x.",
        height=192,
        parts=(*boxes, *across, *columns, *target, *result, *rule),
        numbers=numbers,
    )


def residual_block() -> Drawing:
    """A block adds its branch to what came in, so two mean squares of 1 become 2."""
    blocks, share = 10, 1.0
    after, far = 1 + share, (1 + share) ** blocks
    middle = 120
    parts = (
        words((8, middle + 5), "x", anchor="start", bold=True),
        arrow((24, middle), (282, middle), tone="signal", width=2.4),
        words((150, middle + 22), "what came in goes on as it is", size=13),
        line((60, middle), (60, 72), tone="signal"),
        arrow((60, 72), (98, 72), tone="signal"),
        box((100, 54), (110, 36)),
        words((155, 77), "branch f(W x)"),
        line((210, 72), (300, 72), tone="signal"),
        arrow((300, 72), (300, middle - 17), tone="signal"),
        disc((300, middle), 15, filled=False),
        words((300, middle + 6), "+", size=18, bold=True),
        arrow((317, middle), (352, middle), tone="signal", width=2.4),
        words((40, middle - 10), number(1), tone="signal", bold=True),
        words((256, 62), number(share), tone="signal", bold=True),
        words((338, middle - 10), number(after), tone="signal", bold=True),
        words((8, 22), "mean squares of a residual block", anchor="start", bold=True),
        words(
            (8, 172),
            f"after {number(blocks)} blocks it is {number(far)}",
            anchor="start",
        ),
    )
    return Drawing(
        title="A residual block adds mean squares",
        text=f"A signal of mean square {number(1)} goes past a branch and through it; the branch "
        f"gives {number(share)} as well, and the sum has {number(after)}. After {number(blocks)} "
        f"blocks it is {number(far)}.",
        height=184,
        parts=parts,
        numbers={
            "signal": 1.0,
            "branch": share,
            "after": after,
            "blocks": blocks,
            "after all": far,
        },
    )


def modules_forward_and_backward() -> Drawing:
    """Each module keeps what it got going up, and multiplies by its own slope coming down."""
    names = ("linear", "ReLU", "linear", "loss")
    middle = 84
    parts = [words((8, 22), "forward: each module keeps its input", tone="signal", anchor="start")]
    for at, name in enumerate(names):
        left = 20 + 86 * at
        parts += [
            box((left, middle - 26), (64, 52)),
            words((left + 32, middle + 5), name, bold=True),
            arrow((left - 20, middle - 12), (left - 1, middle - 12), tone="signal", width=2),
            arrow((left - 1, middle + 12), (left - 20, middle + 12), tone="gradient", width=2),
        ]
    parts += [
        words(
            (352, middle + 58),
            "backward: it needs that input again",
            tone="gradient",
            anchor="end",
        ),
    ]
    return Drawing(
        title="Modules, forward and backward",
        text="Four modules in a row: linear, ReLU, linear, loss. Arrows lead forward from each to "
        "the next, where each keeps its input, and backward, where each needs it again.",
        height=middle + 70,
        parts=tuple(parts),
        numbers={},
    )
