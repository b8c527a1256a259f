import numpy as np


def scaled_chain() -> dict[str, float]:
    """By running a chain of three halved numbers, and by moving each of them a little."""
    factors, step = np.full(3, 0.5), 1e-6
    signal = [1.0]
    for factor in factors:
        signal.append(signal[-1] * factor)
    outputs = {}
    for at in range(3):
        moved = factors.copy()
        moved[at] += step
        outputs[f"weight {at}"] = float((moved.prod() - factors.prod()) / step)
    return (
        {f"signal {at}": float(value) for at, value in enumerate(signal)}
        | {f"gradient {at}": float(signal[-1] / value) for at, value in enumerate(signal)}
        | outputs
    )
