"""What the settings of several experiments ask of themselves, each refusal in one wording."""

from collections.abc import Collection, Iterable, Sequence
from itertools import pairwise


def check_batch(batch: int, images: int, field: str = "batch") -> None:
    """Refuse a minibatch that the images do not fill.

    Args:
        batch: images of a minibatch.
        images: how many there are.
        field: which setting the first is.

    Raises:
        ValueError: if there are too few images.

    >>> check_batch(32, images=32)
    """
    if batch > images:
        raise ValueError(f"{field}={batch}, images={images}: the images do not fill one minibatch")


def check_evaluate_at(evaluate_at: Sequence[int], updates: int | None = None) -> None:
    """Refuse evaluations that are out of order, or after the end.

    Args:
        evaluate_at: after how many updates a network is evaluated.
        updates: how many are made; without it no end is known.

    Raises:
        ValueError: if evaluations do not ascend, or if one is after the last update.

    >>> check_evaluate_at([0, 5, 10], updates=10)
    """
    check_ascending("evaluate_at", evaluate_at)
    if updates is not None and evaluate_at[-1] > updates:
        raise ValueError(
            f"evaluate_at={shown(evaluate_at)}, updates={updates}: none may be after the last"
        )


def check_begins_before_training(evaluate_at: Sequence[int]) -> None:
    """Refuse evaluations of which the first is not before training.

    Args:
        evaluate_at: after how many updates a network is evaluated.

    Raises:
        ValueError: if the first is not 0.

    >>> check_begins_before_training([0, 5, 10])
    """
    if evaluate_at[0] != 0:
        raise ValueError(f"evaluate_at={list(evaluate_at)}: the first must be 0, before training")


def check_at_most(field: str, value: int, limit_field: str, limit: int) -> None:
    """Refuse a number that is larger than another.

    Args:
        field: which setting is to be the smaller one.
        value: what it says.
        limit_field: which setting it must not exceed.
        limit: what that says.

    Raises:
        ValueError: if the first is larger.

    >>> check_at_most("window", 10, "updates", 10)
    """
    if value > limit:
        raise ValueError(
            f"{field}={value}, {limit_field}={limit}: {field} must be no more than {limit_field}"
        )


def check_one_of(field: str, value: object, list_field: str, choices: Collection[object]) -> None:
    """Refuse a value that is not among others.

    Args:
        field: which setting has the value.
        value: what it says.
        list_field: which setting lists all values.
        choices: what that lists.

    Raises:
        ValueError: if the value is not among them.

    >>> check_one_of("early", 5, "evaluate_at", [0, 5, 10])
    """
    if value not in choices:
        raise ValueError(
            f"{field}={value}, {list_field}={shown(choices)}: {field} must be one of {list_field}"
        )


def check_names(field: str, names: Collection[str], required: Iterable[str]) -> None:
    """Refuse names that lack one which claims or figures read.

    Args:
        field: of the setting that has the names.
        names: those that it has.
        required: those that it must have.

    Raises:
        ValueError: if any is missing.

    >>> check_names("arms", {"tanh": 1, "relu": 2}, required=["relu"])
    """
    if missing := [name for name in dict.fromkeys(required) if name not in names]:
        raise ValueError(f"{field}={shown(names)}: {', '.join(missing)} must be among them")


def check_known(field: str, names: Collection[str], choices: Collection[str]) -> None:
    """Refuse names of what there is not.

    Args:
        field: of the setting that has the names.
        names: those that it has.
        choices: those that there are.

    Raises:
        ValueError: if any is not known.

    >>> check_known("arm", ["tanh"], choices={"tanh": 1, "relu": 2})
    """
    if any(name not in choices for name in names):
        raise ValueError(f"{field}={shown(names)}: choose from {', '.join(choices)}")


def check_ascending(field: str, values: Sequence[float]) -> None:
    """Refuse values that do not ascend.

    Args:
        field: of the setting that has them.
        values: what must become larger from one to the next.

    Raises:
        ValueError: if they are out of order, or if one is given twice.

    >>> check_ascending("depths", [1, 2, 5])
    """
    if any(low >= high for low, high in pairwise(values)):
        raise ValueError(f"{field}={shown(values)}: must ascend")


def check_distinct(field: str, values: Collection[object]) -> None:
    """Refuse a value that is given twice.

    Args:
        field: of the setting that has the values.
        values: what must differ.

    Raises:
        ValueError: if two are equal.

    >>> check_distinct("learning_rates", [0.1, 0.2])
    """
    if len({*values}) < len(values):
        raise ValueError(f"{field}={shown(values)}: must all differ")


def shown(values: Iterable[object]) -> str:
    """Return the values of a setting as refusals show them: names as they are, numbers in brackets.

    >>> shown(["relu", "tanh"]), shown((0, 5))
    ('relu, tanh', '[0, 5]')
    """
    values = [*values]
    if all(isinstance(value, str) for value in values):
        return ", ".join(map(str, values))
    return str(values)
