import pytest

from study.experiments.he.checks import check_batch, check_marks


def test_a_minibatch_of_all_images_is_possible_and_a_larger_one_is_not() -> None:
    check_batch(8, images=8)
    with pytest.raises(ValueError, match=r"^batch=9, images=8: the images do not fill one"):
        check_batch(9, images=8)


def test_marks_ascend_up_to_the_last_update() -> None:
    check_marks([0, 3, 9], updates=9)
    check_marks([0, 3, 9])
    for marks in ([3, 0], [3, 3]):
        with pytest.raises(ValueError, match=r"^marks=\[3, \d\]: must ascend$"):
            check_marks(marks)
    with pytest.raises(ValueError, match=r"^marks=\[0, 9\], updates=8: no mark may be after"):
        check_marks([0, 9], updates=8)
