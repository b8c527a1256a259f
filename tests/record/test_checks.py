from collections.abc import Callable

import pytest

from study.record import checks


def refused(check: Callable[..., None], *what: object) -> str:
    with pytest.raises(ValueError, match=r"^\w") as refusal:
        check(*what)
    return str(refusal.value)


def test_a_minibatch_of_all_images_is_possible_and_a_larger_one_is_not() -> None:
    checks.check_batch(8, images=8)
    told = refused(checks.check_batch, 9, 8)
    assert told == "batch=9, images=8: the images do not fill one minibatch"
    assert refused(checks.check_batch, 9, 8, "arms.tanh.batch").startswith("arms.tanh.batch=9, ")


def test_marks_ascend_up_to_the_last_update() -> None:
    checks.check_evaluate_at([0, 3, 9], updates=9)
    checks.check_evaluate_at((0, 3, 9))
    for evaluate_at in ([3, 0], [3, 3]):
        assert (
            refused(checks.check_evaluate_at, evaluate_at)
            == f"evaluate_at={evaluate_at}: must ascend"
        )
    told = refused(checks.check_evaluate_at, (0, 9), 8)
    assert told == "evaluate_at=[0, 9], updates=8: none may be after the last"


def test_a_part_is_no_larger_than_the_whole() -> None:
    checks.check_at_most("window", 5, "updates", 5)
    told = refused(checks.check_at_most, "window", 6, "updates", 5)
    assert told == "window=6, updates=5: window must be no more than updates"


def test_one_of_several_is_among_them() -> None:
    checks.check_one_of("early", 5, "evaluate_at", (0, 5))
    told = refused(checks.check_one_of, "early", 4, "evaluate_at", (0, 5))
    assert told == "early=4, evaluate_at=[0, 5]: early must be one of evaluate_at"


def test_all_names_that_are_missing_are_told() -> None:
    checks.check_names("arms", {"tanh": 1, "mine": 2}, ["tanh"])
    told = refused(
        checks.check_names, "arms", {"mine": 1, "tanh": 2}, ["relu", "tanh", "sine", "relu"]
    )
    assert told == "arms=mine, tanh: relu, sine must be among them"


def test_names_of_what_there_is_not_are_refused_with_the_choices() -> None:
    checks.check_known("arm", ["tanh"], {"tanh": 1, "relu": 2})
    told = refused(checks.check_known, "arm", ["sine"], {"tanh": 1, "relu": 2})
    assert told == "arm=sine: choose from tanh, relu"


@pytest.mark.parametrize("values", [(2, 1), (1, 3, 3)])
def test_values_ascend(values: tuple[int, ...]) -> None:
    checks.check_ascending("depths", (1,))
    checks.check_ascending("depths", (1, 2, 9))
    assert refused(checks.check_ascending, "depths", values) == f"depths={[*values]}: must ascend"


@pytest.mark.parametrize(
    ("values", "shown"), [((0.1, 0.2, 0.1), r"[0.1, 0.2, 0.1]"), (("a", "a"), "a, a")]
)
def test_values_that_are_given_twice_are_refused(values: tuple[object, ...], shown: str) -> None:
    checks.check_distinct("rates", dict.fromkeys(values))
    assert refused(checks.check_distinct, "rates", values) == f"rates={shown}: must all differ"


def test_no_values_are_shown_as_nothing() -> None:
    assert checks.shown(()) == ""
