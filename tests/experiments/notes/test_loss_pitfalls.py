from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from matplotlib import pyplot as plt
from torch.nn import functional

from study import catalogue
from study.errors import StudyError
from study.experiments.notes.loss_pitfalls import figures, method
from study.experiments.notes.losses import squared_error
from study.lab.mnist import Mnist
from study.record.results import read_run, write_run
from tests.configs import small_config

NAME = "loss_pitfalls"


PREDICTIONS = {
    "broadcast-loss-law": 0,
    "broadcast-loss-ignores-pairing": 0,
    "broadcast-loss-gradient": 0,
    "mse-shapes-must-match": 0,
    "initial-mse-law": 1,
    "s004-squeeze-unsqueeze": 1,
    "s004-squeeze-pitfall": 2,
    "squeezed-target-loses-an-axis": 1,
    "s004-squeeze-example": 1,
    "s001-squeeze-axis-one": 1,
    "integer-targets-same-loss": 0,
    "cross-entropy-wants-integers": 1,
    "s004-typeerror-map": 0,
    "map-not-the-type": 0,
}


small = partial(small_config, NAME, networks=3, images=24)


def rules(**changes: Any) -> method.Config:  # noqa: ANN401 - of settings
    config: method.Config = small()
    return replace(config, rules=replace(config.rules, **changes))


def test_images_whose_square_is_too_large_for_memory_are_refused() -> None:
    message = "experiment.images=10001: input should be less than or equal to 10000"
    with pytest.raises(StudyError, match=f"^{message}$"):
        small(images=10_001)


# Laws --------------------------------------------------------------------------------------------


def test_the_outputs_are_those_of_the_notes_code() -> None:
    images = torch.from_numpy(np.random.Generator(np.random.SFC64(1)).normal(size=(24, 784)))
    outputs = list(method.initial_outputs(small(), images.float(), 0))
    assert [output.shape for output in outputs] == [(24, 1)] * 3
    assert not torch.equal(outputs[0], outputs[1])
    wide = list(method.initial_outputs(small(output_std=2.0), images.float(), 0))
    assert torch.allclose(wide[0], 2 * outputs[0])
    with_bias = list(method.initial_outputs(small(output_bias=3.0), images.float(), 0))
    assert torch.allclose(with_bias[0], outputs[0] + 3, atol=1e-5)


def test_the_shift_moves_the_hidden_activations() -> None:
    images = torch.zeros(2, 784)  # so that the hidden activations are minus the shift
    (with_shift, *_) = method.initial_outputs(small(shift=0.5), images, 0)
    (without, *_) = method.initial_outputs(small(shift=0.0), images, 0)
    assert with_shift.abs().min() > 0
    assert without.abs().max() == 0


def test_the_first_loss_averages_to_the_squares_of_outputs_and_digits(embedded: Mnist) -> None:
    samples = catalogue.load(NAME).run(small(), embedded, [0]).samples
    (loss,), (squares,) = (
        samples[f"{quantity}.note"] for quantity in ("initial_loss", "initial_output_second_moment")
    )
    digits = embedded.train.labels[:24].double().square().mean().item()
    (ratio,) = samples["initial_loss_over_law.note"]
    assert ratio == pytest.approx(loss / (squares + digits))


def test_a_departure_is_the_largest_of_all_parts() -> None:
    targets = torch.tensor([0.0, 1.0, 2.0, 5.0], dtype=torch.float64)
    outputs = torch.tensor([[1.0], [1.0], [2.0], [3.0]], dtype=torch.float64)
    values = method.departures(small(), outputs, targets)
    assert values["loss_departure.from_law"] < 1e-12
    assert values["loss_departure.from_other_pairing"] < 1e-12
    assert values["gradient_departure.from_law"] < 1e-12
    # Right: (1 + 0 + 0 + 4)/4. Forgotten: the mean of sixteen squares.
    table = [(o - y) ** 2 for o in (1, 1, 2, 3) for y in (0, 1, 2, 5)]
    assert values["loss_departure.from_right_loss"] == pytest.approx(sum(table) / 16 / 1.25 - 1)


def test_with_the_squeeze_put_in_nothing_departs_from_the_right_loss() -> None:
    outputs, targets = torch.tensor([[1.0], [4.0]]).double(), torch.tensor([2.0, 1.0]).double()
    values = method.departures(small(forgotten="squared_error"), outputs, targets)
    assert values["loss_departure.from_right_loss"] == 0
    assert values["loss_departure.from_law"] > 0.1
    assert values["gradient_departure.from_law"] > 0.1


def test_the_losses_of_outputs_that_follow_the_targets_are_parabolas(embedded: Mnist) -> None:
    rows = catalogue.load(NAME).run(small(), embedded, [0]).tables["following"]
    follows = np.array([float(row["follows"]) for row in rows])
    assert [float(row["right"]) for row in rows] == pytest.approx((1 - follows) ** 2)
    assert [float(row["forgotten"]) for row in rows] == pytest.approx(1 + follows**2)


# Rules -------------------------------------------------------------------------------------------


def test_the_rules_of_shape() -> None:
    values = method.shape_rules(small())
    assert values == {
        "departure.column_targets": 0,
        "axes_removed.last_minibatch": 2,
        "axes_removed.outputs": 1,
        "axes_removed.example": 0,
        "axes_of_gradient.vector_target": 2,
        "axes_of_gradient.squeezed_target": 1,
        "same.example": 1,
        "same.axis_of_the_copy": 1,
    }


@pytest.mark.parametrize(
    ("changes", "key", "outcome"),
    [
        ({"last_images": 2}, "axes_removed.last_minibatch", 1),
        ({"axis_named": True}, "axes_removed.last_minibatch", 1),
        ({"axis_named": True}, "axes_of_gradient.squeezed_target", 2),
        ({"outputs": 10}, "axes_removed.outputs", 0),
        ({"example_length": 1}, "axes_removed.example", 1),
        ({"example_length": 3}, "same.example", 0),
        ({"axis_of_the_copy": -1}, "same.axis_of_the_copy", 1),
        ({"axis_of_the_copy": 0}, "same.axis_of_the_copy", 0),
    ],
)
def test_a_rule_of_shape_depends_on_what_it_is_tried_on(
    changes: dict[str, Any], key: str, outcome: float
) -> None:
    assert method.shape_rules(rules(**changes))[key] == outcome


def test_the_rules_of_type() -> None:
    assert method.type_rules(small().rules) == {
        "refused.integer_targets": 0,
        "departure.integer_targets": 0,
        "refused.float_classes": 1,
        "refused.float_targets_in_the_noted_container": 1,
        "refused.integer_targets_in_the_repaired_container": 0,
    }


@pytest.mark.parametrize(
    ("changes", "key", "outcome"),
    [
        ({"arithmetic": "in_place"}, "refused.integer_targets", 1),
        ({"arithmetic": "truncated"}, "refused.integer_targets", 0),
        ({"classes_as": "integer"}, "refused.float_classes", 0),
        ({"noted_container": "tuple"}, "refused.float_targets_in_the_noted_container", 0),
        ({"repaired_container": "map"}, "refused.integer_targets_in_the_repaired_container", 1),
    ],
)
def test_a_rule_of_type_depends_on_what_it_is_tried_on(
    changes: dict[str, Any], key: str, outcome: float
) -> None:
    assert method.type_rules(rules(**changes).rules)[key] == outcome


def test_truncated_outputs_give_another_loss() -> None:
    # (1.5, 2.5, 0.25) become (1, 2, 0): squares 0, 1, 0 in place of 1/4, 1/4, 1/16.
    values = method.type_rules(rules(arithmetic="truncated").rules)
    assert values["departure.integer_targets"] == pytest.approx(1 / (9 / 16) - 1)


def test_the_errors_say_what_the_notes_and_the_chapter_quote() -> None:
    targets = torch.tensor(method.TARGETS)
    with pytest.raises(TypeError, match="'map' object is not subscriptable"):
        method.get_data("map", targets)[1]
    with pytest.raises(RuntimeError, match="result type Float can't be cast"):
        method.ARITHMETIC["in_place"](torch.ones(3), targets.clone())
    with pytest.raises(RuntimeError, match="Long"):
        functional.cross_entropy(torch.eye(4)[:3], targets.float())


def test_a_map_can_be_unpacked_though_not_indexed() -> None:
    targets = torch.tensor(method.TARGETS)
    _, second = method.get_data("map", targets)
    assert torch.equal(second, targets)


def test_another_error_is_no_refusal() -> None:
    def divide() -> float:
        return 1 / 0

    with pytest.raises(ZeroDivisionError):
        method.raises(divide, TypeError)


def test_only_the_complete_lines_are_python() -> None:
    assert method.parsed_share(small().rules) == 0
    assert method.parsed_share(rules(note="complete").rules) == 1
    for line in method.QUOTED["complete"]:
        compile(line, "the complete note", "exec")


def test_the_copy_is_the_note_without_its_hyphens() -> None:
    for complete, copy in zip(*method.QUOTED.values(), strict=True):
        assert complete.replace("-", "") == copy


def test_the_loss_of_the_complete_note_is_ours() -> None:
    names: dict[str, Any] = {}
    exec(method.QUOTED["complete"][1], names)  # noqa: S102 - the note's own line, above
    outputs, targets = torch.tensor(method.OUTPUTS), torch.tensor(method.TARGETS)
    assert torch.equal(names["mse"](outputs, targets), squared_error(outputs, targets))


# Claims and figures ------------------------------------------------------------------------------


def test_the_figure_draws_what_the_table_holds(embedded: Mnist, tmp_path: Path) -> None:
    result = catalogue.load(NAME).run(small(), embedded, [0, 1])
    write_run(tmp_path / "run", {}, result, {})
    figure = figures.what_each_loss_asks_for(read_run(tmp_path / "run"))
    plt.close(figure)
    parabola, broadcast_parabola = (
        np.asarray(line.get_ydata()) for line in figure.axes[0].lines[:2]
    )
    assert parabola.min() == pytest.approx(0)
    assert broadcast_parabola.min() == pytest.approx(1)
