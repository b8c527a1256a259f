"""What is claimed, what it predicts, and what must not agree."""

from study.record.claims import (
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
from study.theory import variance
from study.theory.sources import (
    FROM_SCRATCH_COPY,
    FROM_SCRATCH_NOTE,
    LESSON_NOTE,
    NORMALISATION_NOTE,
    THIS_STUDY,
)

CHAPTER = "chapter Which fan is which, section “Why torch's layers write the root of five”"
TWO_PER_CENT = "Two per cent, for the draws; the other fan is an order of magnitude away."
TEN_PER_CENT = (
    "Ten per cent: MNIST's images resemble each other, so a draw of 50 units has few independent "
    "values; the other fan is an order of magnitude away."
)
EXACT = "A whole number; the half to either side only makes it a range."
NO_DEPARTURE = "None: torch's own function on the note's shape."
OVER_LAYERS = (
    "Ten per cent after five layers whose spread multiplies; the other fan is off by the ratio of "
    "the first and the last width, more than ten."
)
FUNNEL = "The source names no network; here one that narrows from 784 to 32. A random gradient."
HALVED = NegativeControl("Drop the factor 2.", {"funnel.weight_variance": 1.0})
OTHER_MODE = NegativeControl("Ask for fan_in instead.", {"note_mode": "fan_in"})
FANS, LAYOUT = "derivation-fans", "derivation-layout"

FAN_OUT_OF_A_MATRIX = Claim(
    id="s002-kaiming-normal-fan-out-same",
    kind=Kind.SOFTWARE,
    statement=("On a (784, 50) matrix, kaiming_normal_ with fan_out is randn times √(2/784)."),
    source=LESSON_NOTE.at(
        "code “w1 = torch.randn(m,nh)*math.sqrt(2/m)”, “is same as”, "
        "“init.kaiming_normal_(w1, mode='fan_out')”"
    ),
    quantity="rows_times_variance.note",
    measured_as=(
        "784 times the mean square of the weights that torch draws into a matrix of "
        "784 by 50 with fan_out, averaged over draws."
    ),
    prediction=2.0,
    band=around(2.0, 0.04),
    reason=TWO_PER_CENT,
    departure=NO_DEPARTURE,
    remark=(
        "The same in distribution, not in numbers. Torch reads (784, 50) as 784 "
        "outputs of 50 inputs, so its fan_out is the fan_in of x @ w."
    ),
    rival=Rival("Torch's fan_out is the number of columns, 50.", 2 * 784 / 50),
    control=OTHER_MODE,
    derivation=LAYOUT,
)

CLAIMS = (
    FAN_OUT_OF_A_MATRIX,
    Claim(
        id="s002-fan-out-is-backward",
        kind=Kind.LAW,
        statement=("To keep the gradient through x @ w, weights have standard deviation √(2/50)."),
        source=LESSON_NOTE.at(
            "sentence “‘fan_out’ is for preserving variance in backward pass (w1 = "
            "torch.randn(m,nh)*math.sqrt(2/nh))”"
        ),
        quantity="backward.fan_out",
        measured_as=(
            "Second moment of the gradient by the layer's inputs over that by its "
            "activations, through a ReLU and weights of variance 2/50, averaged over "
            "images and draws; a ratio."
        ),
        prediction=1.0,
        band=around(1.0, 0.1),
        reason=TEN_PER_CENT,
        departure="A random gradient enters at the top.",
        remark=(
            "Right, and so is the note's puzzle why fan_out served a forward check: for a "
            "matrix used as x @ w, torch's fan_out is 784, the fan_in."
        ),
        rival=Rival("The factor with fan_in, 784, in place of 50.", 50 / 784),
        control=NegativeControl("Drop the factor 2.", {"layer_variance": 1.0}),
        derivation=FANS,
    ),
    Claim(
        id="s002-linear-weight-shape",
        kind=Kind.EXACT_PRINT,
        statement=("nn.Linear(784, 50) holds its weights as (50, 784), the other way round."),
        source=LESSON_NOTE.at("output “torch.Size([50, 784])”"),
        quantity="outputs_first.linear",
        measured_as=(
            "Whether the first axis of torch's matrix counts the outputs, 1 for yes; no "
            "draw touches it."
        ),
        prediction=1.0,
        band=around(1.0, 0.5),
        reason=EXACT,
        departure=NO_DEPARTURE,
        remark=("It computes x @ W.T, and this layout is all there is to the puzzle of the fans."),
        control=NegativeControl("Look at the transposed matrix.", {"transposed": True}),
        derivation=LAYOUT,
    ),
    Claim(
        id="linear-default-variance",
        kind=Kind.SOFTWARE,
        statement=("Torch's linear layer starts with weights of variance 1/(3 fan_in)."),
        source=THIS_STUDY.at(CHAPTER),
        quantity="fan_in_times_variance.linear",
        measured_as=(
            "The number of inputs times the mean square of the weights that torch draws, "
            "averaged over draws."
        ),
        prediction=1 / 3,
        band=around(1 / 3, 0.02 / 3),
        reason=TWO_PER_CENT,
        remark=(
            "That of a uniform number within ±1/√fan_in; the answer to the question of "
            "s002-sqrt5-origin."
        ),
        rival=Rival("Kaiming's variance, 2/fan_in.", 2.0),
        control=NegativeControl("Call it with slope 0.", {"slope": 0.0}),
        derivation="derivation-root-five",
    ),
    Claim(
        id="linear-default-numbers",
        kind=Kind.SOFTWARE,
        statement=("A new nn.Linear holds the numbers of kaiming_uniform_ with slope √5."),
        source=THIS_STUDY.at(CHAPTER),
        quantity="same_as_kaiming_uniform.linear",
        measured_as=(
            "Whether the weights of a new layer and those of the function are equal bit "
            "by bit, from one seed, 1 for yes; no draw touches it."
        ),
        prediction=1.0,
        band=around(1.0, 0.5),
        reason=EXACT,
        departure=("None: both are filled from the same seed and compared bit by bit."),
        remark="So what is measured of the function holds for the layer.",
        control=NegativeControl("Call it with slope 2.", {"slope": 2.0}),
    ),
    Claim(
        id="s003-kaiming-divides-by-sqrt-inputs",
        kind=Kind.SOFTWARE,
        statement=(
            "kaiming_normal divides the weights by the square root of the number of inputs."
        ),
        source=NORMALISATION_NOTE.at(
            "sentence “the kaiming_normal operation, which divides the weights by the "
            "square root of the number of inputs to each neuron”"
        ),
        quantity="variance_over_that_of_four_times_the_inputs.kaiming_normal",
        measured_as=(
            "The mean square of the weights that torch draws for 784 inputs over that for "
            "four times as many, averaged over draws; a ratio."
        ),
        prediction=4.0,
        band=around(4.0, 0.08),
        reason=TWO_PER_CENT,
        departure="Layers of 784 and of four times as many inputs.",
        remark=(
            "A quarter of the variance for four times the inputs: that is the root, "
            "squared. There is a gain beside it, kaiming-normal-has-a-gain."
        ),
        rival=Rival(("The variance, and not the deviation, is divided by the root."), 2.0),
        control=NegativeControl("Ask for fan_out.", {"torch_mode": "fan_out"}),
        derivation=FANS,
    ),
    Claim(
        id="kaiming-normal-has-a-gain",
        kind=Kind.SOFTWARE,
        statement=("kaiming_normal also multiplies by a gain, √2 unless another is asked for."),
        source=THIS_STUDY.at(CHAPTER),
        quantity="fan_in_times_variance.kaiming_normal",
        measured_as=(
            "The number of inputs times the mean square of the weights that torch draws, "
            "averaged over draws."
        ),
        prediction=2.0,
        band=around(2.0, 0.04),
        reason=("Two per cent, for the draws; without the gain the product is 1."),
        departure=("A layer of 784 inputs; the statement does not depend on their number."),
        remark=(
            "The sentence of s003-kaiming-divides-by-sqrt-inputs leaves it out; the "
            "note's next one says that the non-linearity matters, and its formula has the "
            "gain."
        ),
        rival=Rival("There is no gain.", 1.0),
        control=NegativeControl("Ask for the gain of a linear layer.", {"nonlinearity": "linear"}),
        derivation=FANS,
    ),
    Claim(
        id="s004-fan-out-because-torch-transposes",
        kind=Kind.SOFTWARE,
        statement=("Torch uses fan_out, because it transposes in the linear transformation."),
        source=FROM_SCRATCH_NOTE.at(
            "sentence “in the other words, torch use fan_out cz pytorch transpose in "
            "linear transformaton”"
        ),
        quantity="fan_used.kaiming_normal",
        measured_as=(
            "Twice the inverse of the mean square of the weights that torch draws for a "
            "linear layer of 784 inputs and 50 outputs, averaged over draws; the fan that "
            "it divided by."
        ),
        prediction=50.0,
        band=around(50.0, 5.0),
        reason="Ten per cent about the fan_out; the fan_in is 784.",
        departure=("None: torch's function with no mode asked for, on a linear layer's weights."),
        remark=(
            "Torch's default is fan_in. The cause named is right, and with one word more "
            "the sentence is: whoever computes x @ w must use fan_out, since torch takes "
            "the matrix for W.T (s002-kaiming-normal-fan-out-same)."
        ),
        corrected=FAN_OUT_OF_A_MATRIX,
        withdrawn=Withdrawn(
            Verdict.CONTRADICTED,
            "fan_used.kaiming_normal",
            around(50.0, 5.0),
            (
                "The note asks why its course uses fan_out, and its answer holds for that "
                "course's matrices."
            ),
        ),
        control=NegativeControl("Ask for fan_out.", {"torch_mode": "fan_out"}),
        derivation=LAYOUT,
    ),
    Claim(
        id="s004-fan-doc",
        kind=Kind.LAW,
        statement="fan_in preserves the variance in the forward pass.",
        source=FROM_SCRATCH_NOTE.at(
            "quotation “choosing 'fan_in' preserves the magnitude of the variance of the "
            "wights in the forward pass”"
        ),
        quantity="funnel_forward.fan_in",
        measured_as=(
            "Second moment of the last layer's preactivations over that of the first "
            "layer's, averaged over units, images and networks of widths 512 to 32, with "
            "fan_in; a ratio."
        ),
        prediction=variance.forward_factor(2.0, 0.0),
        band=around(1.0, 0.1),
        reason=OVER_LAYERS,
        departure=FUNNEL,
        remark=(
            "Of the activations' second moment; the documentation it quotes says “of the weights”."
        ),
        rival=Rival("The factor with fan_out: the first width over the last.", 512 / 32),
        control=HALVED,
        derivation=FANS,
    ),
    Claim(
        id="s004-fan-doc-backward",
        kind=Kind.LAW,
        statement="fan_out preserves the magnitudes in the backward pass.",
        source=FROM_SCRATCH_NOTE.at(
            "quotation “choosing 'fan_out' preserves the magnitues in the backward pass(, "
            "which means matmul; with transposed matrix)”"
        ),
        quantity="funnel_backward.fan_out",
        measured_as=(
            "Second moment of the gradient by the first layer's preactivations over that "
            "at the last layer's, averaged over units, images and networks of widths 512 "
            "to 32, with fan_out; a ratio."
        ),
        prediction=1.0,
        band=around(1.0, 0.1),
        reason=OVER_LAYERS,
        departure=FUNNEL,
        remark=(
            "The note's “matmul with transposed matrix” is the backward pass of a linear layer."
        ),
        rival=Rival("The factor with fan_in: the last width over the first.", 32 / 512),
        control=NegativeControl(
            "Divide 3 by the fan in place of 2.", {"funnel.weight_variance": 3.0}
        ),
        derivation=FANS,
    ),
    Claim(
        id="s004-conv-wrong-formula",
        kind=Kind.SOFTWARE,
        statement=("Torch's convolutions do not seem to be initialised by Kaiming's formula."),
        source=FROM_SCRATCH_NOTE.at(
            "sentence “in Pytorch, it doesn't seem to be implemented kaiming init in "
            "right formula. so we should use our own operation.”"
        ),
        quantity="fan_in_times_variance.conv",
        measured_as=(
            "The number of inputs of a unit times the mean square of the weights that "
            "torch draws, averaged over draws."
        ),
        prediction=1 / 3,
        band=around(1 / 3, 0.02 / 3),
        reason=(f"{TWO_PER_CENT} Kaiming's formula gives 2."),
        departure=("The convolution of the course's notebook: 1 channel to 32, kernels of 5 by 5."),
        remark=(
            "True, and no bug: the constant keeps what torch did before. So a ReLU layer "
            "leaves a sixth of the second moment, where Kaiming's leaves all of it."
        ),
        rival=Rival("Kaiming's variance, 2/fan_in.", 2.0),
        control=NegativeControl("Call it with slope 1.", {"slope": 1.0}),
        derivation="derivation-root-five",
    ),
)

UNTESTED = (
    Untested(
        id="s001-conv2d-forward-attribute",
        cause=Cause.TIME,
        statement=("torch.nn.Conv2d.conv2d_forward can be looked up."),
        source=FROM_SCRATCH_COPY.at("code “torch.nn.Conv2d.conv2d_forward??”"),
        reason=("In the torch of 2020, when the note was written, the name was there."),
        remark=(
            "Today's torch has renamed it to _conv_forward; reset_parameters, its "
            "neighbour, is there."
        ),
        withdrawn=Withdrawn(
            Verdict.CONTRADICTED,
            "exists.attribute",
            around(1.0, 0.5),
            "It was judged by a torch of years later.",
        ),
    ),
    Untested(
        id="s002-sqrt5-origin",
        cause=Cause.WORDS,
        statement=(
            "kaiming_uniform_ with √5, as torch's layers call it, is Kaiming initialisation."
        ),
        source=LESSON_NOTE.at(
            "sentences “We have something such as math.sqrt(5) and calling "
            ".kaiming_uniform_ same as .kaiming initialization. We are unclear about "
            "where the 5 came from.”"
        ),
        reason=(
            "The note asks, “We are unclear about where the 5 came from”, and whether "
            "“same as” means the name or the variance cannot be told."
        ),
        remark=(
            "The name is the same, the variance a sixth of Kaiming's "
            "(linear-default-variance). The 5 makes the bound √3 · √(2/(1 + 5)) / √fan_in "
            "= 1/√fan_in, the uniform bound torch had before it had this function."
        ),
        withdrawn=Withdrawn(
            Verdict.CONTRADICTED,
            "fan_in_times_variance.linear",
            around(2.0, 0.04),
            (
                "It charged the note with an answer where it asks a question; the number is "
                "judged by linear-default-variance."
            ),
        ),
        derivation="derivation-root-five",
    ),
    Untested(
        id="s004-xavier-paper",
        cause=Cause.WORDS,
        statement="Glorot and Bengio's paper introduced the Xavier initialisation.",
        source=FROM_SCRATCH_COPY.at("last line, “paper that introduced Xavier initialization”"),
        reason="A matter of history.",
        remark=(
            "It did, under the name normalised initialisation. The rule 1/fan_in, which many call "
            "by the same name, is older: LeCun and others (1998)."
        ),
    ),
    Untested(
        id="s004-glorot-ni",
        cause=Cause.WORDS,
        statement="In Glorot and Bengio's formula, n_i is the size of layer n, with i filters.",
        source=FROM_SCRATCH_NOTE.at("sentence “the size of layer”"),
        reason="A definition, and the formula it belongs to is missing from the note.",
        remark="n_i is the number of units of layer i; the layers are dense and have no filters.",
    ),
    Untested(
        id="s004-rectifier-terms",
        cause=Cause.WORDS,
        statement="A rectifier is a rectified linear unit; a rectifier network has many.",
        source=FROM_SCRATCH_NOTE.at("bullets “rectifier: rectified linear unit”"),
        reason="A definition.",
        remark="He et al. (2015) also call a leaky and a parametric ReLU a rectifier.",
    ),
    Untested(
        id="s002-resnet-section",
        cause=Cause.WORDS,
        statement="The derivation of Kaiming initialisation is in section 2.2 of the ResNet paper.",
        source=LESSON_NOTE.at("sentence “Read 2.2 of resnet till backward prop”"),
        reason="A reference, not a quantity.",
        remark=(
            "It is section 2.2 of He et al. (2015) on rectifiers; the same authors' paper on "
            "residual networks derives no initialisation."
        ),
    ),
    Untested(
        id="s002-f-alias",
        cause=Cause.WORDS,
        statement="F always refers to torch.nn.functional.",
        source=LESSON_NOTE.at("sentence “F always refers to torch.nn.functional as short form”"),
        reason="A convention; nothing enforces it.",
        remark="Torch's own documentation keeps to it, and so does most code.",
    ),
    Untested(
        id="s004-discussed-before",
        cause=Cause.WORDS,
        statement="The initialisation of convolutions has been discussed by torch's community.",
        source=FROM_SCRATCH_NOTE.at(
            "sentence “this has been discussed in Pytorch community before”"
        ),
        reason="A statement about threads on the web, which this study does not read by machine.",
        remark="Torch's issues 15314 and 18182 hold such discussions.",
    ),
)
