"""Drawings of what torch's own initialisation does."""

from study.drawings.canvas import Drawing, axis, bar, number, words

WIDTH, LAYERS = 128, 6


def the_image_fades() -> Drawing:
    """With torch's own biases, what a layer says is soon theirs and not the image's."""
    floor, scale = 158.0, 100.0
    image, biases = 1 / 3, 1 / (3 * WIDTH)
    shares = []
    for _ in range(LAYERS):
        shares.append(image / (image + biases))
        image, biases = image / 6, biases / 6 + 1 / (3 * WIDTH)
    numbers: dict[str, float] = {"width": WIDTH}
    parts = []
    for layer, share in enumerate(shares, start=1):
        x = 46 + 56 * (layer - 1)
        percent = 100 * share
        numbers |= {f"percent {layer}": percent, f"all {layer}": 100, f"layer {layer}": layer}
        parts += [
            bar((x, floor), scale, width=38, tone="faint", key=f"all {layer}", pale=True),
            bar((x, floor), scale * share, width=38, tone="signal", key=f"percent {layer}"),
            words((x, floor - scale - 8), number(percent), tone="signal", bold=True),
            words((x, floor + 19), number(layer)),
        ]
    return Drawing(
        title="The image fades",
        text=f"Bars for {number(LAYERS)} layers of width {number(WIDTH)} with torch's own weights "
        "and biases. Of the mean square of a preactivation the image's share is, in per cent, "
        f"{', '.join(number(100 * share) for share in shares)}; the rest is the biases'.",
        height=floor + 44,
        parts=(
            words((8, 22), "per cent that the image has", anchor="start", tone="signal", bold=True),
            *parts,
            axis((16, floor), (350, floor)),
            words((350, floor + 38), "layer; the rest is the biases'", anchor="end"),
        ),
        numbers=numbers,
    )
