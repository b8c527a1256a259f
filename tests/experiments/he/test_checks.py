import pytest
import torch

from study.errors import StudyError
from study.experiments.he.checks import check_batch, check_marks, first_images
from study.lab.mnist import Mnist


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


def test_the_first_images_are_standardised_by_all_training_pixels(embedded: Mnist) -> None:
    some = first_images(embedded, embedded.validation, 5, "validation")
    torch.testing.assert_close(
        some.images, embedded.standardised(embedded.validation.images)[:5], rtol=0, atol=0
    )
    assert some.labels.tolist() == embedded.validation.labels[:5].tolist()


def test_no_more_images_than_there_are(embedded: Mnist) -> None:
    with pytest.raises(StudyError, match=r"^experiment\.test=501: there are only 500$"):
        first_images(embedded, embedded.test, 501, "test")
