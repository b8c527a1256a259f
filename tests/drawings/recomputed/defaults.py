def the_image_fades() -> dict[str, float]:
    """By the closed form: the image's part falls sixfold, and the whole comes to 2/(5n)."""
    width = 128
    numbers: dict[str, float] = {"width": width}
    for layer in range(1, 7):
        fallen = 6.0 ** -(layer - 1)
        level = 2 / (5 * width)
        whole = level + (1 / 3 + 1 / (3 * width) - level) * fallen
        numbers |= {
            f"percent {layer}": 100 * fallen / 3 / whole,
            f"all {layer}": 100,
            f"layer {layer}": layer,
        }
    return numbers
