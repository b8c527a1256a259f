"""What is claimed, what it predicts, and what must not agree."""

from functools import partial

from study.record.claims import Band, Claim, NegativeControl, around
from study.theory.sources import FROM_SCRATCH_COPY, FROM_SCRATCH_NOTE, THIS_STUDY

FORGOTTEN = "chapter The loss, section “The forgotten squeeze”"
AXES = "chapter The loss, section “Axes that vanish”"
TYPES = "chapter The loss, section “Integers, floating point and a map”"
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
        statement=(
            "Without squeeze, the mean squared error of outputs o and targets y is Var(o) + Var(y) "
            "+ (mean of o − mean of y)²."
        ),
        quantity="loss_departure.from_law",
        reason=ROUNDING_REASON,
        departure="Outputs of untrained networks and digits of MNIST; it holds for any numbers.",
        remark="The variances divide by n. The quantity is the relative departure from the law.",
        control=PUT_IT_IN,
    ),
    broadcast_loss(
        id="broadcast-loss-ignores-pairing",
        statement=(
            "Without squeeze, it does not matter to the mean squared error which target is whose."
        ),
        quantity="loss_departure.from_other_pairing",
        reason=ROUNDING_REASON,
        departure="The other pairing is the targets in reverse order.",
        remark="Within one minibatch. The targets of other minibatches do matter.",
        control=PUT_IT_IN,
    ),
    broadcast_loss(
        id="broadcast-loss-gradient",
        statement=(
            "Without squeeze, the gradient of the mean squared error with respect to an output o "
            "is 2(o − mean of y)/n, for n targets y."
        ),
        quantity="gradient_departure.from_law",
        reason=ROUNDING_REASON,
        departure="None: torch differentiates the loss as it stands.",
        remark="The norm of the difference over that of the law. All outputs have one aim.",
        control=PUT_IT_IN,
    ),
    broadcast_loss(
        id="mse-shapes-must-match",
        statement="The squared error needs no vector: outputs and targets need one shape.",
        quantity="departure.column_targets",
        reason="A millionth: the same numbers are added, in float32.",
        departure="None: three outputs and targets, both as columns and both as vectors.",
        remark="The precise form of s004-mse-squeeze: giving the targets the axis does as well.",
        control=NegativeControl(
            "Keep the outputs a column and the targets a vector.", {"column": "broadcast_error"}
        ),
    ),
    Claim(
        id="initial-mse-law",
        statement=(
            "Before training, the squared error of outputs o and targets y is on average E[o²] + "
            "E[y²], as E[o] is 0."
        ),
        source=THIS_STUDY.at("chapter The loss, section “A digit as a number”"),
        quantity="initial_loss_over_law.note",
        prediction=1.0,
        band=around(1.0, 0.1),
        reason=(
            "Ten per cent: outputs and digits of one draw are correlated, and only over draws does "
            "that average to 0; leaving out either term would take a third or more."
        ),
        departure="None: the network of the from-scratch note, with its weights and shifted ReLU.",
        remark="The constant at the mean digit has a loss of Var(y), which is lower.",
        control=NegativeControl("Give the output a bias.", {"output_bias": 5.0}),
        derivation="derivation-mse-classification",
    ),
    Claim(
        id="s004-squeeze-unsqueeze",
        statement="To remove an axis one uses squeeze, to add one unsqueeze.",
        source=FROM_SCRATCH_NOTE.at("section 2.2, bullet “In python, in case you remove axis”"),
        quantity="axes_removed.outputs",
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
        statement="A squeeze with no axis named takes away more than was meant.",
        source=FROM_SCRATCH_NOTE.at("section 2.2, bullet “torch.squeeze where code commonly”"),
        quantity="axes_removed.last_minibatch",
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
        statement=(
            "If a squeezed target loses its axis too, the gradient of one image has 1 axis, not 2."
        ),
        source=THIS_STUDY.at(AXES),
        quantity="axes_of_gradient.squeezed_target",
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
        statement="The squeeze of torch.tensor([1,1]) prints as tensor([1, 1]).",
        source=FROM_SCRATCH_NOTE.at("section 2.2, code “tmp = torch.tensor([1,1])”"),
        quantity="same.example",
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
        statement=(
            "The mean squared error may squeeze axis 1 of the outputs, where the other copy of the "
            "note squeezes axis -1."
        ),
        source=FROM_SCRATCH_COPY.at("section 2.2, code “output.squeeze(1)”"),
        quantity="same.axis_of_the_copy",
        prediction=1.0,
        band=around(1.0, 0.5),
        reason=YES_OR_NO,
        departure="None: outputs of shape (n, 1), whose last axis is axis 1.",
        remark="A lost minus sign that happens to do no harm.",
        control=NegativeControl("Squeeze axis 0.", {"rules.axis_of_the_copy": 0}),
        derivation="derivation-squeeze",
    ),
    Claim(
        id="s004-float-target",
        statement=(
            "The targets of the squared error must be made floating point, or the loss cannot be "
            "computed."
        ),
        source=FROM_SCRATCH_NOTE.at("section 2.2, bullet “make sure to make as float”"),
        quantity="refused.integer_targets",
        prediction=1.0,
        band=around(1.0, 0.5),
        reason=YES_OR_NO,
        departure=OWN_TORCH,
        remark=(
            "Floating point minus integer is promoted to floating point. In torch before version "
            "1.3, of October 2019, the subtraction was refused, so the advice was right when the "
            "course was given. In place, integers cannot hold the result and torch refuses to this "
            "day, as the negative control shows."
        ),
        control=NegativeControl("Subtract in place.", {"rules.arithmetic": "in_place"}),
        derivation="derivation-types",
    ),
    Claim(
        id="integer-targets-same-loss",
        statement="With integer targets, the squared error is that with floating point targets.",
        source=THIS_STUDY.at(TYPES),
        quantity="departure.integer_targets",
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
        statement="The cross-entropy refuses labels that are floating point.",
        source=THIS_STUDY.at(TYPES),
        quantity="refused.float_classes",
        prediction=1.0,
        band=around(1.0, 0.5),
        reason=YES_OR_NO,
        departure=OWN_TORCH,
        remark="A label is an index there. Floating point of the logits' shape is probabilities.",
        control=NegativeControl("Give it integers.", {"rules.classes_as": "integer"}),
        derivation="derivation-types",
    ),
    Claim(
        id="s004-typeerror-map",
        statement="“'map' object is not subscriptable” comes of data that are not floating point.",
        source=FROM_SCRATCH_NOTE.at("section 2.2, text “Here’s the error when I don’t transform”"),
        quantity="refused.float_targets_in_the_noted_container",
        prediction=0.0,
        band=around(0.0, 0.5),
        reason=YES_OR_NO,
        departure="The note does not show get_data; its error says that it returned a map.",
        remark=(
            "With floating point data in the map the same error is raised. Taking index 1 of a map "
            "fails, before the loss is called and whatever the map holds."
        ),
        control=NegativeControl("Return a tuple.", {"rules.noted_container": "tuple"}),
        derivation="derivation-types",
    ),
    Claim(
        id="map-not-the-type",
        statement="Integer targets raise no error in a tuple in place of the map.",
        source=THIS_STUDY.at(TYPES),
        quantity="refused.integer_targets_in_the_repaired_container",
        prediction=0.0,
        band=around(0.0, 0.5),
        reason=YES_OR_NO,
        departure=OWN_TORCH,
        remark="The answer to the note's question: the type of the container, not of the numbers.",
        control=NegativeControl("Return the map again.", {"rules.repaired_container": "map"}),
        derivation="derivation-types",
    ),
    Claim(
        id="s001-lost-minus-signs",
        statement="“x.clamp_min(0.)  0.5” and “output.squeeze(1)  targ” are code.",
        source=FROM_SCRATCH_COPY.at("sections 2.1.4 and 2.2, code of relu and of mse"),
        quantity="share_that_parses.note",
        prediction=1.0,
        band=around(1.0, 0.25),
        reason="A quarter: the share of two lines is 0, a half or 1.",
        departure="None: the lines as they stand in the copy.",
        remark=(
            "The copy has lost its hyphens, also those of printed numbers: its 58.2665 and 0.0516 "
            "are negative in the other copy, and its squeeze(1) is squeeze(-1)."
        ),
        control=NegativeControl("Take the lines of the other copy.", {"rules.note": "complete"}),
    ),
)
