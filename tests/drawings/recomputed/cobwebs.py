import numpy as np

MARKS = np.linspace(-7, 7, 281)
WEIGHTS = np.exp(-(MARKS**2) / 2) / np.exp(-(MARKS**2) / 2).sum()


def order_and_chaos() -> dict[str, float]:
    """By sums over a grid, layer after layer from a pair of inputs."""
    found: dict[str, float] = {}
    for name, c, biases in (("ordered", 1.0, 0.05), ("chaotic", 8.0, 0.8)):
        q, rho = 1.0, 0.5
        for _ in range(120):
            one = np.sqrt(q) * MARKS
            other = rho * one[:, None] + np.sqrt(q * (1 - rho**2)) * MARKS[None, :]
            mixed = WEIGHTS @ (np.tanh(one) * (np.tanh(other) @ WEIGHTS))
            after = c * WEIGHTS @ np.tanh(one) ** 2 + biases
            q, rho = after, min((c * mixed + biases) / after, 1.0)
        found |= {
            f"slope, {name}": float(c * WEIGHTS @ np.cosh(np.sqrt(q) * MARKS) ** -4),
            f"end, {name}": float(rho),
        }
    return found
