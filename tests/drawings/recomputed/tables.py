import numpy as np

from study.drawings.tables import LAYERS


def lit_diagonal() -> dict[str, float]:
    """Over all signs of five weights: the products whose mean is not zero."""
    signs = np.array(np.meshgrid(*[[-1, 1]] * 5)).reshape(5, -1)
    means = signs @ signs.T / signs.shape[1]
    return {
        "n": int(np.count_nonzero(means)),
        "products": means.size,
        "off the diagonal": float(means[0, 1]),
    }


def shape_of_w() -> dict[str, float]:
    """By the shape of a matrix that makes three numbers of four."""
    rows, columns = np.linalg.lstsq(np.eye(4), np.ones((4, 3)), rcond=None)[0].T.shape
    return {"fan_in": columns, "fan_out": rows}


def three_images_four_units() -> dict[str, float]:
    """Variances as halves of mean squared differences of pairs."""
    found: dict[str, float] = {f"image {image}": image for image in (1, 2, 3)}
    for at, (_, rows) in enumerate(LAYERS):
        layer = np.array(rows)
        found |= {
            f"mean square {at}": float(np.trace(layer @ layer.T)) / layer.size,
            f"units {at}": float(((layer[:, :, None] - layer[:, None, :]) ** 2).mean()) / 2,
            f"images {at}": float(((layer[:, None, :] - layer[None, :, :]) ** 2).mean()) / 2,
        }
        found |= {f"{at} {r} {u}": float(x) for (r, u), x in np.ndenumerate(layer)}
    return found
