"""The scale of the images, which Glorot and Bengio (2010) do not give: both that are usual."""

from typing import Literal, TypeAlias

from study.lab.classification import Splits, splits
from study.lab.mnist import Mnist, Split

# With mean 0 and standard deviation 1 over all training pixels, or from 0 to 1.
Scale: TypeAlias = Literal["standardised", "pixels"]

STANDARDISED = "standardised images"
PIXELS = "pixels between 0 and 1"


def splits_by_scale(
    mnist: Mnist,
    *,
    training: "int | None" = None,
    validation: "int | None" = 0,
    test: "int | None" = 0,
) -> dict[Scale, Splits]:
    """Take the first images of each split, at both scales.

    Args:
        mnist: the data.
        training: how many images to train on, the setting ``images``; all of them if None.
        validation: how many to choose or to judge by; all of them if None.
        test: how many to judge by; all of them if None.

    Raises:
        StudyError: if there are not so many.
    """
    standardised = splits(mnist, training=training, validation=validation, test=test)
    pixels = Splits(
        *(
            Split(source.images[: len(split.labels)], split.labels)
            for source, split in zip(mnist.splits, standardised, strict=True)
        )
    )
    return {"standardised": standardised, "pixels": pixels}
