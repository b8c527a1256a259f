"""The MNIST column of Glorot and Bengio's Table 1, and their figure 12, with a smaller budget.

Five activations and initialisations, each at the best of the same learning rates, with the paper's
minibatches of ten: test errors in training and at the end, beside the printed ones.
"""

import dataclasses as plain
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from math import inf, isfinite, nan, sqrt
from statistics import fmean, geometric_mean
from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias

import torch.nn.functional as F  # noqa: N812 - its usual name
from annotated_types import Ge, Gt, Le, Lt, MinLen
from matplotlib import pyplot as plt
from pydantic.dataclasses import dataclass
from torch import nn

from study.experiments.glorot.hidden_layers import Initialisation, initialised
from study.lab.inits import random_generator
from study.lab.mnist import Mnist, Split
from study.lab.parallel import side_by_side
from study.lab.training import Course, Recipe, best_rate, error_rate, fit, last_marks, sgd
from study.record.claims import Band, Claim, Fault, Untested
from study.record.experiment import STRICT, Experiment
from study.record.results import Result, Run, mean_row
from study.theory.sources import GLOROT_2010

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DIGITS = 10
OTHERS = ("tanh_n", "softsign", "softsign_n")
"""What the paper sets against the sigmoid and tanh with the common initialisation."""

Rows: TypeAlias = list[Mapping[str, str | int | float]]
PerCent = Annotated[float, Gt(0), Lt(100)]


@dataclass(frozen=True, config=STRICT)
class Arm:
    """A row of the table: an activation, and the law of its weights by equation 1 or 16."""

    activation: Literal["sigmoid", "tanh", "softsign"]
    initialisation: Initialisation


@dataclass(frozen=True, config=STRICT)
class Search:
    """How the learning rate of each arm is chosen: by trainings of their own."""

    seed: Annotated[int, Ge(0), Lt(2**64)]
    updates: Annotated[int, Ge(1)]


@dataclass(frozen=True, config=STRICT)
class Config:
    """Settings: the networks, how they are trained and looked at, and the printed errors.

    ``early`` is the mark of the early comparison, ``target_error`` the validation error, in per
    cent, that updates are counted to, and ``tail`` how many last updates make the loss and the test
    error at the end.
    """

    seed: Annotated[int, Ge(0), Lt(2**64)]
    draws: Annotated[int, Ge(1), Le(1_000_000)]
    images: Annotated[int, Ge(1)]
    validation: Annotated[int, Ge(1)]
    width: Annotated[int, Ge(2), Le(4096)]
    depth: Annotated[int, Ge(1), Le(100)]
    batch: Annotated[int, Ge(1)]
    updates: Annotated[int, Ge(1)]
    marks: Annotated[tuple[Annotated[int, Ge(0)], ...], MinLen(2)]
    early: Annotated[int, Ge(0)]
    target_error: PerCent
    tail: Annotated[int, Ge(1)]
    learning_rates: Annotated[tuple[Annotated[float, Gt(0), Le(100)], ...], MinLen(1)]
    search: Search
    test_images: Annotated[int, Ge(1)]
    arms: Annotated[dict[str, Arm], MinLen(1)]
    printed: dict[str, PerCent]


@plain.dataclass(frozen=True)
class Data:
    """The standardised splits."""

    training: Split
    validation: Split
    test: Split


def run(config: Config, mnist: Mnist, draws: Iterable[int]) -> Result:
    """Choose a learning rate for every arm, then train them all in each draw.

    Args:
        config: the settings.
        mnist: the data.
        draws: the indices of the draws to make; the arms of one share the order of the images.

    Returns:
        Per draw, what the claims read; over all draws, the curves; exact, the chosen rates and
        what the printed errors can tell apart.
    """
    data = Data(
        *(
            Split(mnist.standardised(part.images), part.labels)
            for part in (
                mnist.train.first(config.images),
                mnist.validation.first(config.validation),
                mnist.test,
            )
        )
    )
    found = search(config, data)
    rates = {arm: best_rate(errors) for arm, errors in found.items()}
    made, courses = {}, []
    for draw in draws:

        def one(arm: str, draw: int = draw) -> Course:
            recipe = Recipe(config.batch, config.updates, config.marks)
            return train(config, data, arm, rates[arm], recipe, seed=config.seed, draw=draw)

        courses.append(dict(zip(config.arms, side_by_side(one, config.arms), strict=True)))
        made[draw] = quantities(config, courses[-1])
    return Result.of(
        made,
        tables={"curves": curve_rows(config, courses), "search": search_rows(found)},
        exact={f"learning_rate.{arm}": rate for arm, rate in rates.items()} | resolved(config),
    )


# Training ----------------------------------------------------------------------------------------


def train(  # noqa: PLR0913 - two numbers name the draw
    config: Config, data: Data, arm: str, rate: float, recipe: Recipe, *, seed: int, draw: int
) -> Course:
    """Train one network; return its losses, and its errors in per cent at each mark."""
    how = config.arms[arm]
    sizes = [data.training.images.shape[1], *[config.width] * config.depth, DIGITS]

    def look(network: nn.Module) -> dict[str, float]:
        return {
            name: 100 * error_rate(network, part.images, part.labels)
            for name, part in (("validation", data.validation), ("test", data.test))
        }

    return fit(
        lambda: initialised(how.activation, how.initialisation, sizes, seed=seed, draw=draw),
        F.cross_entropy,
        data.training,
        recipe,
        random_generator(seed, draw, 0),
        optimiser=sgd(rate),
        look=look,
        name=f"{arm}-{rate}-{seed}-{draw}",
    )


def search(config: Config, data: Data) -> dict[str, dict[float, float]]:
    """Train every arm once at each learning rate, with weights that no draw has.

    Args:
        config: the settings.
        data: the splits.

    Returns:
        The validation errors in per cent by arm and rate; infinite where a training diverged.
    """
    jobs = [(arm, rate) for arm in config.arms for rate in config.learning_rates]
    updates = config.search.updates
    recipe = Recipe(config.batch, updates, (updates,))

    def one(job: tuple[str, float]) -> float:
        course = train(config, data, *job, recipe, seed=config.search.seed, draw=0)
        return course.looks[updates]["validation"] if course.finite else inf

    errors = dict(zip(jobs, side_by_side(one, jobs), strict=True))
    return {arm: {rate: errors[arm, rate] for rate in config.learning_rates} for arm in config.arms}


# Quantities --------------------------------------------------------------------------------------


def quantities(config: Config, courses: Mapping[str, Course]) -> dict[str, float]:
    """Return what the claims read of one draw, by key; differences in points of per cent."""
    end = last_marks(config.marks, config.tail)
    test = {
        arm: fmean(course.looks[mark]["test"] for mark in end) for arm, course in courses.items()
    }
    early = {arm: course.looks[config.early]["validation"] for arm, course in courses.items()}
    loss = {arm: fmean(course.losses[-config.tail :]) for arm, course in courses.items()}
    needed = {arm: updates_needed(config, course) for arm, course in courses.items()}
    found = {
        f"{what}.{arm}": number
        for what, numbers in (("test", test), ("early", early), ("loss", loss), ("needed", needed))
        for arm, number in numbers.items()
    }
    found |= {f"test_less_printed.{arm}": test[arm] - config.printed[arm] for arm in test}
    return found | {
        "difference.sigmoid_tanh": test["sigmoid"] - test["tanh"],
        "difference.tanh_others": test["tanh"] - fmean(test[arm] for arm in OTHERS),
        "difference.tanh_tanh_n": test["tanh"] - test["tanh_n"],
        "difference.softsign_n_softsign": test["softsign_n"] - test["softsign"],
        "early_difference.tanh_tanh_n": early["tanh"] - early["tanh_n"],
        "needed_over_others.sigmoid": needed["sigmoid"] / typical(needed),
        "needed_over_others.tanh": needed["tanh"] / typical(needed),
        "loss_over_others.tanh": loss["tanh"] / typical(loss),
        "needed_over_standard.tanh_n": needed["tanh_n"] / needed["tanh"],
        "needed_over_standard.softsign_n": needed["softsign_n"] / needed["softsign"],
        "early_over_standard.tanh_n": early["tanh_n"] / early["tanh"],
        "early_over_standard.softsign_n": early["softsign_n"] / early["softsign"],
        "early_over_standard.softsign_n_over_tanh_n": early["softsign_n"]
        / early["softsign"]
        * early["tanh"]
        / early["tanh_n"],
    }


def updates_needed(config: Config, course: Course) -> float:
    """Count the updates to the target validation error, between marks along a straight line.

    Args:
        config: the settings.
        course: what the training left behind.

    Returns:
        The number; all updates where the target is missed.
    """
    marks, target = sorted(course.looks), config.target_error
    errors = [course.looks[mark]["validation"] for mark in marks]
    for at in range(1, len(marks)):
        if errors[at] <= target:
            share = (errors[at - 1] - target) / (errors[at - 1] - errors[at])
            return marks[at - 1] + share * (marks[at] - marks[at - 1])
    return float(config.updates)


def typical(numbers: Mapping[str, float]) -> float:
    """Return the geometric mean of a quantity over the other three networks; NaN if one is."""
    chosen = [numbers[arm] for arm in OTHERS]
    return geometric_mean(chosen) if all(map(isfinite, chosen)) else nan


def resolved(config: Config) -> dict[str, float]:
    r"""Say what the printed errors can tell apart.

    .. math:: z = \frac{p_1 - p_2}{\sqrt{p_1 (1 - p_1)/n + p_2 (1 - p_2)/n}}

    Args:
        config: the settings, with the printed errors and the number ``n`` of test images.

    Returns:
        For pairs of rows the difference in images, and in deviations of a binomial difference.
    """
    found = {}
    for one, other in (("tanh", "tanh_n"), ("tanh", "softsign_n"), ("sigmoid", "tanh")):
        p, q = (config.printed[arm] / 100 for arm in (one, other))
        deviation = sqrt((p * (1 - p) + q * (1 - q)) / config.test_images)
        found[f"printed_images.{one}_{other}"] = (p - q) * config.test_images
        found[f"printed_z.{one}_{other}"] = (p - q) / deviation
    return found


# Tables ------------------------------------------------------------------------------------------


def curve_rows(config: Config, courses: Sequence[Mapping[str, Course]]) -> Rows:
    """Average the test errors over the draws: a row per arm and mark."""
    return [
        mean_row([course[arm].looks[mark]["test"] for course in courses], arm=arm, updates=mark)
        for arm in config.arms
        for mark in config.marks
    ]


def search_rows(found: Mapping[str, Mapping[float, float]]) -> Rows:
    """Write down the search: a row per arm and learning rate, 100 for a divergence."""
    return [
        {"arm": arm, "learning_rate": rate, "validation_error": error if isfinite(error) else 100.0}
        for arm, errors in found.items()
        for rate, error in errors.items()
    ]


# Claims ------------------------------------------------------------------------------------------

BUDGET = (
    "Ten epochs for up to a thousand, and 300 units a layer for 1000, so the verdict is about the "
    "order at this budget and no printed number; standardised pixels. At quick size 60 units and "
    "fewer updates."
)
AN_IMAGE = "At least one image of ten thousand: the claim is about which is larger."
SWAP = Fault(
    "Exchange the initialisations, train tanh N in place of the sigmoid, and misread its number.",
    {
        "arms.tanh.initialisation": "normalised",
        "arms.tanh_n.initialisation": "standard",
        "arms.softsign.initialisation": "normalised",
        "arms.softsign_n.initialisation": "standard",
        "arms.sigmoid.activation": "tanh",
        "arms.sigmoid.initialisation": "normalised",
        "printed.tanh": 2.21,
    },
)
TRADE = Fault(
    "Exchange softsign and tanh.",
    {
        "arms.tanh.activation": "softsign",
        "arms.tanh_n.activation": "softsign",
        "arms.softsign.activation": "tanh",
        "arms.softsign_n.activation": "tanh",
    },
)
TABLE = GLOROT_2010.at("table 1, column MNIST")
CONCLUSIONS = "section 5, "
NO_MEASURE = f"The paper names no measure. {BUDGET}"

of_the_table = partial(
    Claim,
    source=TABLE,
    band=Band(0.01, 100.0),
    reason=AN_IMAGE,
    departure=BUDGET,
    fault=SWAP,
    data="mnist",
    derivation="gb-table-1",
)
above_one = partial(
    Claim,
    prediction=1.0,
    band=Band(1.0, 1000.0),
    fault=SWAP,
    data="mnist",
    derivation="gb-conclusions",
)

CLAIMS = (
    of_the_table(
        id="gb-table1-sigmoid",
        statement=(
            "With five hidden layers the sigmoid ends with a larger test error than tanh, which "
            "has the next largest in the table."
        ),
        quantity="difference.sigmoid_tanh",
        prediction=0.45,
        remark=(
            "Test error in per cent, less that of tanh in the same draw. The sigmoid learns only "
            "with a large learning rate, and late."
        ),
    ),
    of_the_table(
        id="gb-table1-tanh",
        statement=(
            "Tanh with the common initialisation ends with a larger test error than the mean of "
            "tanh N, softsign and softsign N."
        ),
        quantity="difference.tanh_others",
        prediction=1.76 - (1.64 + 1.64 + 1.72) / 3,
        remark="In points, paired within a draw.",
        fault=TRADE,
    ),
    of_the_table(
        id="gb-table1-tanhn",
        statement="Tanh N ends with a smaller test error than tanh.",
        quantity="difference.tanh_tanh_n",
        prediction=0.12,
        remark="In points, paired within a draw.",
    ),
    of_the_table(
        id="gb-table1-softsign",
        statement=(
            "Softsign N ends with a larger test error than softsign: here the normalised "
            "initialisation is the worse."
        ),
        quantity="difference.softsign_n_softsign",
        prediction=0.08,
        remark="In points, paired within a draw. The printed difference is eight test images.",
    ),
    Claim(
        id="gb-table1-difference-significant",
        statement=(
            "The printed errors of tanh and tanh N differ at the level 0.005 that the table's "
            "bold type stands for."
        ),
        source=GLOROT_2010.at("caption of table 1, “statistically different … p = 0.005”"),
        quantity="printed_z.tanh_tanh_n",
        prediction=2.81,
        band=Band(2.807, 100.0),
        reason="The two-sided quantile of the normal distribution for 0.005.",
        departure=(
            "The caption does not name its test. This one takes the two errors for those of two "
            "sets of ten thousand independent images; a paired test can be sharper, but needs the "
            "predictions."
        ),
        remark="The difference of 12 images over its binomial deviation; seeds add more scatter.",
        fault=SWAP,
        derivation="gb-table-1",
    ),
    Claim(
        id="gb-fig12-mnist-curves",
        statement="On MNIST tanh learns faster with the normalised initialisation.",
        source=GLOROT_2010.at("figure 12, left"),
        quantity="early_difference.tanh_tanh_n",
        prediction=0.01,
        band=Band(0.01, 100.0),
        reason=f"{AN_IMAGE} The prediction is the least that counts; the figure has no numbers.",
        departure=f"Validation error at one early mark. {BUDGET}",
        remark="In points of validation error, tanh less tanh N, paired within a draw.",
        fault=SWAP,
        data="mnist",
        derivation="gb-figure-12",
    ),
    above_one(
        id="gb-sigmoid-tanh-standard-poor",
        statement=(
            "Networks of tanh with the common initialisation converge more slowly than those of "
            "tanh N, softsign and softsign N."
        ),
        source=GLOROT_2010.at(CONCLUSIONS + "“converging more slowly”"),
        quantity="needed_over_others.tanh",
        reason="Above 1 is slower; the prediction is where it begins.",
        departure=NO_MEASURE,
        remark=(
            "Updates to the same validation error over their geometric mean for the other three. "
            "The sigmoid, of which the sentence speaks too, is slower by far: see the next."
        ),
    ),
    above_one(
        id="gb-sigmoid-slow",
        statement="Networks of sigmoids converge more slowly than those of the other three.",
        source=GLOROT_2010.at(CONCLUSIONS + "“converging more slowly”"),
        quantity="needed_over_others.sigmoid",
        reason="Above 1 is slower; the prediction is where it begins.",
        departure=NO_MEASURE,
        remark=(
            "Updates to the same validation error; all updates where it is not reached, so that "
            "the number is a lower bound."
        ),
    ),
    above_one(
        id="gb-poorer-minima",
        statement=(
            "Networks of tanh with the common initialisation end in poorer minima than those of "
            "the other three."
        ),
        source=GLOROT_2010.at(CONCLUSIONS + "“ultimately poorer local minima”"),
        quantity="loss_over_others.tanh",
        reason="A larger training loss at the end; the prediction is where it begins.",
        departure=f"The mean loss of the last two epochs, not of a minimum. {BUDGET}",
        remark=(
            "Over the geometric mean of the losses of the other three. No network here has come "
            "to rest, so this is a lower loss after equal work, not a lower minimum."
        ),
    ),
    Claim(
        id="gb-softsign-robust",
        statement="Softsign networks are less sensitive to the initialisation than tanh networks.",
        source=GLOROT_2010.at(CONCLUSIONS + "“more robust to the initialization procedure”"),
        quantity="early_over_standard.softsign_n_over_tanh_n",
        prediction=1.0,
        band=Band(1.0, 100.0),
        reason=(
            "Above 1 softsign changes less, while both factors are below 1; the prediction is "
            "where it begins. An earlier run, whose early errors were known, had other learning "
            "rates; the seed was changed."
        ),
        departure=(
            "Validation error at one early mark, each arm at its own learning rate, which one "
            f"search chose for all draws; the interval does not hold its chance. {BUDGET}"
        ),
        remark=(
            "By what factor the normalised initialisation changes the error, softsign over tanh. "
            "What it changes at the end is in gb-table1-tanhn and gb-table1-softsign."
        ),
        fault=TRADE,
        data="mnist",
        derivation="gb-conclusions",
    ),
    Claim(
        id="gb-tanhn-helps",
        statement="For tanh networks the normalised initialisation helps.",
        source=GLOROT_2010.at(CONCLUSIONS + "“can be quite helpful”"),
        quantity="needed_over_standard.tanh_n",
        prediction=0.9,
        band=Band(0.0, 0.9),
        reason="A tenth fewer updates is the least that counts as help, and the prediction.",
        departure=NO_MEASURE,
        remark="Updates to the same validation error, over those with the common initialisation.",
        fault=SWAP,
        data="mnist",
        derivation="gb-conclusions",
    ),
)

UNTESTED = (
    Untested(
        id="gb-protocol",
        statement=(
            "MNIST is split into 50,000, 10,000 and 10,000 images; networks of five hidden layers "
            "of 1000 units are trained by plain descent with minibatches of ten, and the learning "
            "rate is chosen by the validation error after five million updates."
        ),
        source=GLOROT_2010.at("sections 2.2 and 2.3"),
        reason=(
            "It describes what was done. The split is ours too; five million updates of that "
            "network are beyond the machine this study is made for."
        ),
        remark=(
            "Five million minibatches of ten are a thousand times 50,000 images. With "
            "`scale=paper` the experiments `glorot_table` and `glorot_training` have that budget."
        ),
        derivation="gb-comparisons",
    ),
    Untested(
        id="gb-table1-numbers",
        statement=(
            "The test errors are 2.21 per cent for the sigmoid, 1.76 for tanh, 1.64 for tanh N, "
            "1.64 for softsign and 1.72 for softsign N."
        ),
        source=TABLE,
        reason=(
            "Errors at the end of a thousand epochs are not to be had from ten. Ours stand beside "
            "them with their intervals; the claims are about their order and difference."
        ),
        remark="With `scale=paper` the experiment measures them.",
        derivation="gb-table-1",
    ),
)


# Figures -----------------------------------------------------------------------------------------

LABELS = {
    "sigmoid": "sigmoid",
    "tanh": "tanh",
    "tanh_n": "tanh N",
    "softsign": "softsign",
    "softsign_n": "softsign N",
}


def errors_in_training(run: Run) -> "Figure":
    """Test error by update: the sigmoid comes late, tanh N and softsign N are early."""
    figure, axes = plt.subplots()
    for arm, label in LABELS.items():
        rows = [row for row in run.tables["curves"] if row["arm"] == arm and row["updates"]]
        axes.errorbar(
            [float(row["updates"]) for row in rows],
            [float(row["mean"]) for row in rows],
            [float(row["half_width"]) for row in rows],
            marker="o",
            label=label,
        )
    axes.set(xscale="log", yscale="log", xlabel="updates", ylabel="test error (per cent)")
    axes.legend()
    return figure


def table_beside_the_printed_one(run: Run) -> "Figure":
    """Test errors at the end with their intervals, and the printed ones with binomial intervals."""
    figure, axes = plt.subplots()
    settings = run.settings["experiment"]
    found = [run.values[f"test.{arm}"] for arm in LABELS]
    printed = [settings["printed"][arm] for arm in LABELS]
    reach = [2.576 * sqrt(p * (100 - p) / settings["test_images"]) for p in printed]
    places = range(len(found))
    ours, halves = [value.mean for value in found], [value.half_width for value in found]
    axes.errorbar(places, ours, halves, fmt="o", capsize=3, label="ours")
    axes.errorbar([at + 0.2 for at in places], printed, reach, fmt="s", capsize=3, label="Table 1")
    axes.set_xticks(places, list(LABELS.values()))
    axes.set(ylabel="test error (per cent)", ylim=(0, None))
    axes.legend()
    return figure


EXPERIMENT = Experiment(
    config=Config,
    run=run,
    claims=CLAIMS,
    figures=(errors_in_training, table_beside_the_printed_one),
    untested=UNTESTED,
)
