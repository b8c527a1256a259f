"""What is claimed, what it predicts, and what must not agree."""

from functools import partial

from study.record.claims import (
    Band,
    Cause,
    Claim,
    Kind,
    NegativeControl,
    Rival,
    Untested,
    Verdict,
    Withdrawn,
    around,
)
from study.theory.sources import FROM_SCRATCH_COPY, FROM_SCRATCH_NOTE, THIS_STUDY

FORGOTTEN = "chapter The loss, section “The forgotten squeeze loses the covariance”"
AXES = "page The notes, line by line, section “Which axes does `squeeze` remove?”"
TYPES = "page The notes, line by line, section “Must labels be floating point numbers?”"
ROUNDING = Band(-1e-6, 1e-6)
ROUNDING_REASON = (
    "A millionth: the equality is one of algebra, and float64 rounds at a ten-billionth of that."
)
WHOLE = "Half a unit: the quantity is a whole number."
YES_OR_NO = "Half a unit: 1 stands for yes and 0 for no."
OWN_TORCH = "The torch of this run, some years younger than the note's."
PUT_IT_IN = NegativeControl("Put the squeeze in.", {"forgotten": "squared_error"})

broadcast_loss = partial(
    Claim,
    source=THIS_STUDY.at(FORGOTTEN),
    prediction=0.0,
    band=ROUNDING,
    derivation="derivation-broadcasting",
)

CLAIMS = (
    broadcast_loss(
        id="broadcast-loss-law",
        kind=Kind.IDENTITY,
        statement=(
            "Without squeeze, the mean squared error of outputs o and targets y is Var(o) + Var(y) "
            "+ (mean of o − mean of y)²."
        ),
        quantity="loss_departure.from_law",
        measured_as=(
            "The relative departure of the loss of outputs of shape (n, 1) and targets of shape "
            "(n,) from the formula, in float64, averaged over draws of the weights."
        ),
        reason=ROUNDING_REASON,
        departure="Outputs of untrained networks and digits of MNIST; it holds for any numbers.",
        remark="The variances divide by n. The quantity is the relative departure from the law.",
        control=PUT_IT_IN,
    ),
    broadcast_loss(
        id="broadcast-loss-ignores-pairing",
        kind=Kind.IDENTITY,
        statement=(
            "Without squeeze, it does not matter to the mean squared error which target belongs to "
            "which output."
        ),
        quantity="loss_departure.from_other_pairing",
        measured_as=(
            "The relative change of the loss of outputs of shape (n, 1) and targets of shape (n,) "
            "when the targets are put in reverse order, in float64, averaged over draws of the "
            "weights."
        ),
        reason=ROUNDING_REASON,
        departure="The other pairing is the targets in reverse order.",
        remark="Within one minibatch. The targets of other minibatches do matter.",
        control=NegativeControl("Give the targets a column, too.", {"forgotten": "column_error"}),
    ),
    broadcast_loss(
        id="broadcast-loss-gradient",
        kind=Kind.IDENTITY,
        statement=(
            "Without squeeze, the gradient of the mean squared error with respect to an output o "
            "is 2(o − mean of y)/n, for n targets y."
        ),
        quantity="gradient_departure.from_law",
        measured_as=(
            "The relative departure of torch's gradient of that loss from the formula, a ratio of "
            "norms, in float64, averaged over draws of the weights."
        ),
        reason=ROUNDING_REASON,
        departure="None: torch differentiates the loss as it stands.",
        remark=(
            "The norm of the difference over that of the law. All outputs then aim at the mean of "
            "the targets."
        ),
        control=PUT_IT_IN,
    ),
    broadcast_loss(
        id="mse-shapes-must-match",
        kind=Kind.IDENTITY,
        statement="The squared error needs no vector: outputs and targets need one shape.",
        quantity="departure.column_targets",
        measured_as=(
            "The relative difference between the squared error of columns and that of vectors with "
            "the same numbers."
        ),
        reason="A millionth: the same numbers are added, in float32.",
        departure="None: three outputs and targets, both as columns and both as vectors.",
        remark="The precise form of s004-mse-squeeze: giving the targets the axis does as well.",
        control=NegativeControl(
            "Keep the outputs a column and the targets a vector.", {"column": "broadcast_error"}
        ),
    ),
    Claim(
        id="initial-mse-law",
        kind=Kind.LAW,
        statement=(
            "Before training, the squared error of outputs o and targets y is on average E[o²] + "
            "E[y²], as E[o] is 0."
        ),
        source=THIS_STUDY.at("chapter The loss, section “A digit is not an amount”"),
        quantity="initial_loss_over_law.note",
        measured_as=(
            "The squared error of the untrained network over E[o²] + E[y²] of its outputs and the "
            "digits, averaged over draws of the weights."
        ),
        prediction=1.0,
        band=around(1.0, 0.1),
        reason=(
            "Ten per cent: outputs and digits of one draw are correlated, and only over draws does "
            "that average to 0; leaving out either term would take a third or more."
        ),
        departure="None: the network of the from-scratch note, with its weights and shifted ReLU.",
        remark="The constant at the mean digit has a loss of Var(y), which is lower.",
        control=NegativeControl("Give the output a bias.", {"output_bias": 5.0}),
        rival=Rival("It is E[o²] + Var(y): the mean digit has no part.", 0.68),
        derivation="derivation-mse-classification",
    ),
    Claim(
        id="s004-squeeze-unsqueeze",
        kind=Kind.SOFTWARE,
        statement="To remove an axis one uses squeeze, to add one unsqueeze.",
        source=FROM_SCRATCH_NOTE.at(
            "section 2.2, “In python, in case you remove axis, you use ‘squeeze’, or add axis use "
            "‘unsqueeze’”"
        ),
        quantity="axes_removed.outputs",
        measured_as="The number of axes that squeeze removes from outputs of shape (n, 1).",
        prediction=1.0,
        band=around(1.0, 0.5),
        reason=WHOLE,
        departure="Read of the axis of a single output, the only one the note squeezes.",
        remark=(
            "Methods of torch, not of Python; squeeze removes an axis of size 1 only, and leaves "
            "any other as it is without a word, as the negative control shows."
        ),
        control=NegativeControl("Squeeze the axis of ten outputs.", {"rules.outputs": 10}),
        derivation="derivation-squeeze",
    ),
    Claim(
        id="s004-squeeze-pitfall",
        kind=Kind.SOFTWARE,
        statement="A squeeze with no axis named takes away more than was meant.",
        source=FROM_SCRATCH_NOTE.at(
            "section 2.2, “torch.squeeze where code commonly broken. so, when you use squeeze, "
            "clarify dimension axis you want to remove”"
        ),
        quantity="axes_removed.last_minibatch",
        measured_as=(
            "The number of axes that squeeze without an axis removes from the outputs of a "
            "minibatch of one image."
        ),
        prediction=2.0,
        band=around(2.0, 0.5),
        reason=WHOLE,
        departure="The note gives no case; ours is a minibatch of one image, of shape (1, 1).",
        remark="Of two images, only the unit axis goes; so the code runs until a minibatch of one.",
        control=NegativeControl("Name the axis.", {"rules.axis_named": True}),
        derivation="derivation-squeeze",
    ),
    Claim(
        id="squeezed-target-loses-an-axis",
        kind=Kind.SOFTWARE,
        statement=(
            "If a squeezed target loses its axis too, the gradient of one image has 1 axis, not 2."
        ),
        source=THIS_STUDY.at(AXES),
        quantity="axes_of_gradient.squeezed_target",
        measured_as=(
            "The number of axes of the gradient of one image when outputs and target are both "
            "squeezed."
        ),
        prediction=1.0,
        band=around(1.0, 0.5),
        reason=WHOLE,
        departure="None: (output.squeeze() − target.squeeze()).unsqueeze(-1), as by hand.",
        remark="With a target of shape (1,) broadcasting restores the axis, and hides the slip.",
        control=NegativeControl("Name the axis.", {"rules.axis_named": True}),
        derivation="derivation-squeeze",
    ),
    Claim(
        id="s004-squeeze-example",
        kind=Kind.EXACT_PRINT,
        statement="The squeeze of torch.tensor([1,1]) prints as tensor([1, 1]).",
        source=FROM_SCRATCH_NOTE.at("section 2.2, code “tmp = torch.tensor([1,1])”"),
        quantity="same.example",
        measured_as="1 if the squeezed tensor is torch.tensor([1, 1]), as printed, else 0.",
        prediction=1.0,
        band=around(1.0, 0.5),
        reason=YES_OR_NO,
        departure="The call itself is lost in the note; its copy has it, tmp.squeeze().",
        remark="It has no axis of size 1, so nothing is removed and the example shows nothing.",
        control=NegativeControl("Take a tensor of one number.", {"rules.example_length": 1}),
        derivation="derivation-squeeze",
    ),
    Claim(
        id="s001-squeeze-axis-one",
        kind=Kind.IDENTITY,
        statement=(
            "The mean squared error may squeeze axis 1 of the outputs, where the other copy of the "
            "note squeezes axis -1."
        ),
        source=FROM_SCRATCH_COPY.at("section 2.2, code “output.squeeze(1)”"),
        quantity="same.axis_of_the_copy",
        measured_as=(
            "1 if squeezing axis 1 and squeezing axis -1 of outputs of shape (n, 1) give the same, "
            "else 0."
        ),
        prediction=1.0,
        band=around(1.0, 0.5),
        reason=YES_OR_NO,
        departure="None: outputs of shape (n, 1), whose last axis is axis 1.",
        remark="Axis 1 of two is the last one. A lost minus sign that happens to do no harm.",
        control=NegativeControl("Squeeze axis 0.", {"rules.axis_of_the_copy": 0}),
        derivation="derivation-squeeze",
    ),
    Claim(
        id="integer-targets-same-loss",
        kind=Kind.SOFTWARE,
        statement="With integer targets, the squared error is that with floating point targets.",
        source=THIS_STUDY.at(TYPES),
        quantity="departure.integer_targets",
        measured_as=(
            "The relative difference between the squared error with integer targets and with "
            "floating point ones."
        ),
        prediction=0.0,
        band=ROUNDING,
        reason="A millionth: the same numbers are subtracted, in float32.",
        departure=OWN_TORCH,
        remark="The precise form of s004-float-target. It holds while the outputs are not rounded.",
        control=NegativeControl(
            "Make the outputs integers instead.", {"rules.arithmetic": "truncated"}
        ),
        derivation="derivation-types",
    ),
    Claim(
        id="cross-entropy-wants-integers",
        kind=Kind.SOFTWARE,
        statement="The cross-entropy refuses labels that are floating point.",
        source=THIS_STUDY.at(TYPES),
        quantity="refused.float_classes",
        measured_as="1 if torch refuses labels in floating point, else 0.",
        prediction=1.0,
        band=around(1.0, 0.5),
        reason=YES_OR_NO,
        departure=OWN_TORCH,
        remark=(
            "A label is an index there. Floating point targets of the logits' shape are taken for "
            "probabilities."
        ),
        control=NegativeControl("Give it integers.", {"rules.classes_as": "integer"}),
        derivation="derivation-types",
    ),
    Claim(
        id="s004-typeerror-map",
        kind=Kind.SOFTWARE,
        statement=(
            "“'map' object is not subscriptable” comes from data that are not floating point."
        ),
        source=FROM_SCRATCH_NOTE.at(
            "section 2.2, “Here’s the error when I don’t transform the data type”"
        ),
        quantity="refused.float_targets_in_the_noted_container",
        measured_as="1 if index 1 of a map of floating point data raises an error, too, else 0.",
        prediction=0.0,
        band=around(0.0, 0.5),
        reason=YES_OR_NO,
        departure="The note does not show get_data; its error says that it returned a map.",
        remark=(
            "The error is as the note shows it, and comes from what the call returns: taking index "
            "1 of a map fails before the loss is called, whatever the map holds, floating point "
            "data too. The note asks “But why???”; map-not-the-type is an answer."
        ),
        control=NegativeControl("Return a tuple.", {"rules.noted_container": "tuple"}),
        derivation="derivation-types",
    ),
    Claim(
        id="map-not-the-type",
        kind=Kind.SOFTWARE,
        statement="Integer targets raise no error in a tuple in place of the map.",
        source=THIS_STUDY.at(TYPES),
        quantity="refused.integer_targets_in_the_repaired_container",
        measured_as=(
            "1 if index 1 of a tuple of integer data, and the squared error with it, raise an "
            "error, else 0."
        ),
        prediction=0.0,
        band=around(0.0, 0.5),
        reason=YES_OR_NO,
        departure=OWN_TORCH,
        remark="The answer to the note's question: the type of the container, not of the numbers.",
        control=NegativeControl("Return the map again.", {"rules.repaired_container": "map"}),
        derivation="derivation-types",
    ),
)

UNTESTED = (
    Untested(
        id="s004-float-target",
        cause=Cause.TIME,
        statement="The targets of the squared error must be made floating point.",
        source=FROM_SCRATCH_NOTE.at(
            "section 2.2, “make sure to make as float when you calculate”, “But why??? because it "
            "is tensor?”"
        ),
        reason=(
            "Before version 1.3, of October 2019, torch refused to subtract an integer from a "
            "floating point tensor, so the advice was right when the course was given."
        ),
        withdrawn=Withdrawn(
            Verdict.CONTRADICTED,
            "refused.integer_targets",
            Band(0.5, 1.5),
            "It held advice of its time against a torch some years younger.",
        ),
        remark=(
            "Today the integer is promoted and the loss is the same (integer-targets-same-loss). "
            "In place, integers cannot hold the result and torch refuses to this day."
        ),
        derivation="derivation-types",
    ),
    Untested(
        id="s001-lost-minus-signs",
        cause=Cause.WORDS,
        statement="“x.clamp_min(0.)  0.5” and “output.squeeze(1)  targ” are code.",
        source=FROM_SCRATCH_COPY.at("sections 2.1.4 and 2.2, code of relu and of mse"),
        reason=(
            "Nobody claims it: an aggregator lost the hyphens of the text, and the complete note "
            "has both lines with their minus signs."
        ),
        withdrawn=Withdrawn(
            Verdict.CONTRADICTED,
            "share_that_parses.note",
            Band(0.75, 1.25),
            "It charged a damaged copy with what its author had written right.",
        ),
        remark=(
            "The copy's 58.2665 and 0.0516 are negative in the complete note, and its squeeze(1) "
            "is squeeze(-1)."
        ),
    ),
)
