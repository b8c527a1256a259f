import numpy as np


def variances_add() -> dict[str, float]:
    """By all sums of two independent coins with these standard deviations."""
    one, other = np.array([-3.0, 3.0]), np.array([-4.0, 4.0])
    sums = np.add.outer(one, other)
    return {
        "one": float(one.std()),
        "other": float(other.std()),
        "both": float(sums.std()),
        "variance of one": float(one.var()),
        "variance of the other": float(other.var()),
        "variance of both": float(sums.var()),
        "sum of deviations": float(one.std() + other.std()),
    }


def product_of_two_factors() -> dict[str, float]:
    """By an outer product."""
    products = np.multiply.outer([1.5, 0.5], [1.5, 0.5]).ravel()
    return {
        "up": 1.5,
        "down": 0.5,
        **{f"product {at}": float(product) for at, product in enumerate(products)},
        "mean": float(products.mean()),
        "less": int((products < products.mean()).sum()),
        "cases": products.size,
    }
