"""The papers and lesson notes whose claims are tested, as data."""

from dataclasses import dataclass

from study.errors import StudyError


@dataclass(frozen=True)
class Work:
    """One paper or note; call :meth:`at` to point into it.

    Attributes:
        key: its anchor in the list of sources.
        cited_as: how running text names it.
        authors: who wrote it.
        title: its title.
        published: where and when it appeared.

    The lesson notes are quoted from copies without authors or addresses; their titles and the
    quoted words are all a locator can give.
    """

    key: str
    cited_as: str
    authors: str
    title: str
    published: str

    def at(self, locator: str) -> "Source":
        """Return the place in this work where a statement stands."""
        return Source(self, locator)


@dataclass(frozen=True)
class Source:
    """A work and the place in it; it cannot be made without the place.

    Raises:
        StudyError: if the locator is blank.
    """

    work: Work
    locator: str

    def __post_init__(self) -> None:
        """Refuse a source without a place."""
        if not self.locator.strip():
            raise StudyError(f"source {self.work.key}: the locator is blank")


GLOROT_2010 = Work(
    key="glorot-2010",
    cited_as="Glorot and Bengio (2010)",
    authors="Xavier Glorot and Yoshua Bengio",
    title="Understanding the difficulty of training deep feedforward neural networks",
    published="AISTATS 2010, pages 249 to 256",
)

HE_2015 = Work(
    key="he-2015",
    cited_as="He et al. (2015)",
    authors="Kaiming He, Xiangyu Zhang, Shaoqing Ren and Jian Sun",
    title=(
        "Delving Deep into Rectifiers: Surpassing Human-Level Performance on ImageNet "
        "Classification"
    ),
    published="ICCV 2015; arXiv:1502.01852",
)

IOFFE_2015 = Work(
    key="ioffe-2015",
    cited_as="Ioffe and Szegedy (2015)",
    authors="Sergey Ioffe and Christian Szegedy",
    title=(
        "Batch Normalization: Accelerating Deep Network Training by Reducing Internal Covariate "
        "Shift"
    ),
    published="ICML 2015; arXiv:1502.03167",
)

SHORT_NOTE = Work(
    key="short-note",
    cited_as="Short note",
    authors="Author not named",
    title="Forward and Backward pass (the shorter of two notes of this title)",
    published="Medium, on lesson 8 of the course Deep Learning from the Foundations",
)

LESSON_NOTE = Work(
    key="lesson-note",
    cited_as="Lesson note",
    authors="Author not named",
    title="Forward and Backward pass (the longer of two notes of this title)",
    published="Medium, on the course Deep Learning from the Foundations",
)

NORMALISATION_NOTE = Work(
    key="normalisation-note",
    cited_as="Normalisation note",
    authors="Author not named",
    title="Untitled note with the sections normalization, Batch normalization and Inputs",
    published="a personal site, on a lecture about language models of characters",
)

FROM_SCRATCH_NOTE = Work(
    key="from-scratch-note",
    cited_as="From-scratch note",
    authors="Author not named",
    title="Implement forward&backward pass from scratch",
    published="a blog, 1 March 2020",
)

FROM_SCRATCH_COPY = Work(
    key="from-scratch-copy",
    cited_as="Copy of the from-scratch note",
    authors="Author not named",
    title="Implement forward&backward pass from scratch (another copy, with characters lost)",
    published="an aggregator, undated",
)

THIS_STUDY = Work(
    key="this-study",
    cited_as="This study",
    authors="The founders of Signal Through Depth",
    title="Signal Through Depth",
    published="derived on this site",
)

NOTES = (SHORT_NOTE, LESSON_NOTE, NORMALISATION_NOTE, FROM_SCRATCH_NOTE, FROM_SCRATCH_COPY)
WORKS = (GLOROT_2010, HE_2015, IOFFE_2015, *NOTES, THIS_STUDY)
