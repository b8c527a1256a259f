def computation_graph() -> dict[str, float]:
    """By central differences of the loss, which are exact for a square."""

    def loss(x: float, w: float, y: float) -> float:
        return (w * x - y) ** 2

    def slope(high: float, low: float) -> float:
        return (high - low) / 2

    of_error = slope((1 + 1) ** 2, (1 - 1) ** 2)
    return {
        "x": 2,
        "w": 3,
        "y": 5,
        "z": 6,
        "e": 1,
        "L": loss(2, 3, 5),
        "dL/dL": 1,
        "dL/de": of_error,
        "dL/dz": -slope(loss(2, 3, 6), loss(2, 3, 4)),
        "dL/dw": slope(loss(2, 4, 5), loss(2, 2, 5)),
        "dL/dx": slope(loss(3, 3, 5), loss(1, 3, 5)),
    }


def residual_block() -> dict[str, float]:
    """By doubling ten times."""
    size = 1.0
    for _ in range(10):
        size += size
    return {"signal": 1, "branch": 1, "after": 2, "blocks": 10, "after all": size}


def modules_forward_and_backward() -> dict[str, float]:
    """It shows no numbers."""
    return {}
