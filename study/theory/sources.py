"""The papers and lesson notes whose claims are tested, as data."""

import re
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

CHO_SAUL_2009 = Work(
    key="cho-saul-2009",
    cited_as="Cho and Saul (2009)",
    authors="Youngmin Cho and Lawrence K. Saul",
    title="Kernel Methods for Deep Learning",
    published="NIPS 2009",
)

SAXE_2013 = Work(
    key="saxe-2013",
    cited_as="Saxe et al. (2013)",
    authors="Andrew M. Saxe, James L. McClelland and Surya Ganguli",
    title=("Exact solutions to the nonlinear dynamics of learning in deep linear neural networks"),
    published="ICLR 2014; arXiv:1312.6120",
)

POOLE_2016 = Work(
    key="poole-2016",
    cited_as="Poole et al. (2016)",
    authors=("Ben Poole, Subhaneil Lahiri, Maithra Raghu, Jascha Sohl-Dickstein and Surya Ganguli"),
    title="Exponential expressivity in deep neural networks through transient chaos",
    published="NIPS 2016; arXiv:1606.05340",
)

SCHOENHOLZ_2017 = Work(
    key="schoenholz-2017",
    cited_as="Schoenholz et al. (2017)",
    authors="Samuel S. Schoenholz, Justin Gilmer, Surya Ganguli and Jascha Sohl-Dickstein",
    title="Deep Information Propagation",
    published="ICLR 2017; arXiv:1611.01232",
)

PENNINGTON_2017 = Work(
    key="pennington-2017",
    cited_as="Pennington et al. (2017)",
    authors="Jeffrey Pennington, Samuel S. Schoenholz and Surya Ganguli",
    title=(
        "Resurrecting the sigmoid in deep learning through dynamical isometry: theory and practice"
    ),
    published="NIPS 2017; arXiv:1711.04735",
)

HANIN_NICA_2018 = Work(
    key="hanin-nica-2018",
    cited_as="Hanin and Nica (2018)",
    authors="Boris Hanin and Mihai Nica",
    title="Products of Many Large Random Matrices and Gradients in Deep Neural Networks",
    published="Communications in Mathematical Physics, 2020; arXiv:1812.05994",
)

HANIN_ROLNICK_2018 = Work(
    key="hanin-rolnick-2018",
    cited_as="Hanin and Rolnick (2018)",
    authors="Boris Hanin and David Rolnick",
    title="How to Start Training: The Effect of Initialization and Architecture",
    published="NeurIPS 2018; arXiv:1803.01719",
)

XIAO_2018 = Work(
    key="xiao-2018",
    cited_as="Xiao et al. (2018)",
    authors=(
        "Lechao Xiao, Yasaman Bahri, Jascha Sohl-Dickstein, Samuel S. Schoenholz and "
        "Jeffrey Pennington"
    ),
    title=(
        "Dynamical Isometry and a Mean Field Theory of CNNs: How to Train 10,000-Layer Vanilla "
        "Convolutional Neural Networks"
    ),
    published="ICML 2018; arXiv:1806.05393",
)

ZHANG_2019 = Work(
    key="zhang-2019",
    cited_as="Zhang et al. (2019)",
    authors="Hongyi Zhang, Yann N. Dauphin and Tengyu Ma",
    title="Fixup Initialization: Residual Learning Without Normalization",
    published="ICLR 2019; arXiv:1901.09321",
)

LU_2019 = Work(
    key="lu-2019",
    cited_as="Lu et al. (2019)",
    authors="Lu Lu, Yeonjong Shin, Yanhui Su and George Em Karniadakis",
    title="Dying ReLU and Initialization: Theory and Numerical Examples",
    published="arXiv:1903.06733",
)

LECUN_1998 = Work(
    key="lecun-1998",
    cited_as="LeCun et al. (1998)",
    authors="Yann LeCun, Léon Bottou, Genevieve B. Orr and Klaus-Robert Müller",
    title="Efficient BackProp",
    published="Neural Networks: Tricks of the Trade, Springer 1998, pages 9 to 50",
)

SUSSILLO_ABBOTT_2014 = Work(
    key="sussillo-abbott-2014",
    cited_as="Sussillo and Abbott (2014)",
    authors="David Sussillo and L. F. Abbott",
    title="Random Walk Initialization for Training Very Deep Feedforward Networks",
    published="arXiv:1412.6558",
)

ROBERTS_2022 = Work(
    key="roberts-2022",
    cited_as="Roberts, Yaida and Hanin (2022)",
    authors="Daniel A. Roberts, Sho Yaida and Boris Hanin",
    title="The Principles of Deep Learning Theory",
    published="Cambridge University Press 2022; arXiv:2106.10165",
)

PYTORCH = Work(
    key="pytorch",
    cited_as="PyTorch",
    authors="The PyTorch contributors",
    title="PyTorch: its documentation and its source code",
    published="version 2.13",
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
PAPERS = (
    LECUN_1998,
    CHO_SAUL_2009,
    GLOROT_2010,
    SAXE_2013,
    SUSSILLO_ABBOTT_2014,
    HE_2015,
    IOFFE_2015,
    POOLE_2016,
    SCHOENHOLZ_2017,
    PENNINGTON_2017,
    HANIN_NICA_2018,
    HANIN_ROLNICK_2018,
    XIAO_2018,
    ZHANG_2019,
    LU_2019,
    ROBERTS_2022,
)
WORKS = (*PAPERS, PYTORCH, *NOTES, THIS_STUDY)

ADDRESSES = {
    LECUN_1998.key: "https://doi.org/10.1007/3-540-49430-8_2",
    CHO_SAUL_2009.key: "https://papers.nips.cc/paper/3628-kernel-methods-for-deep-learning",
    GLOROT_2010.key: "https://proceedings.mlr.press/v9/glorot10a.html",
    HE_2015.key: "https://doi.org/10.1109/ICCV.2015.123",
    PYTORCH.key: "https://docs.pytorch.org/docs/2.13/",
}
"""Where those works can be read that are not on arXiv, or have a better place."""


def address(key: str) -> str:
    """Return where a work can be read; nothing for a note, as no copy has an address.

    Args:
        key: of the work.

    >>> address("ioffe-2015"), address("lesson-note")
    ('https://arxiv.org/abs/1502.03167', '')
    """
    preprint = re.search(r"arXiv:(\S+)", next(work.published for work in WORKS if work.key == key))
    return ADDRESSES.get(key, f"https://arxiv.org/abs/{preprint[1]}" if preprint else "")
