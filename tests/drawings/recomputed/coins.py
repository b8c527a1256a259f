from math import comb


def coins_of_four_layers() -> dict[str, float]:
    """By how many of four coins fall well, a binomial number."""
    sizes = [3.0**good / 16 for good in range(5) for _ in range(comb(4, good))]
    return {f"size {at}": size for at, size in enumerate(sizes)} | {
        "mean": ((1 + 3) / 4) ** 4,
        "networks": 2**4,
        "below": 1 + 4 + 6,
        "above": 4 + 1,
    }
