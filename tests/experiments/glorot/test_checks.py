import pytest

from study.experiments.glorot import checks


def test_names_that_are_read_must_be_there() -> None:
    checks.check_names("arms", {"tanh": 1, "mine": 2}, ["tanh"])
    with pytest.raises(ValueError, match=r"^arms=mine: tanh must be among them$"):
        checks.check_names("arms", {"mine": 2}, ["tanh"])


def test_a_minibatch_has_no_more_images_than_there_are() -> None:
    checks.check_minibatch(20, 20)
    with pytest.raises(ValueError, match=r"^batch=21, images=20: a minibatch needs that many"):
        checks.check_minibatch(21, 20)


@pytest.mark.parametrize("marks", [(0, 2, 2), (0, 3, 2), (0, 9)])
def test_marks_ascend_to_the_end_at_most(marks: tuple[int, ...]) -> None:
    checks.check_marks((0, 2, 8), 8)
    with pytest.raises(ValueError, match=r"updates=8: marks must ascend to updates"):
        checks.check_marks(marks, 8)
