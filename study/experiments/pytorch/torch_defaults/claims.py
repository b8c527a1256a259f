"""What is claimed, what it predicts, and what must not agree."""

from study.record.claims import Claim, Kind, NegativeControl, Rival, around, within
from study.theory.sources import PYTORCH, THIS_STUDY


def floor(fan_in: int) -> float:
    r"""Second moment that biases alone keep up: the fixed point :math:`2/(5n)`."""
    return 0.4 / fan_in


CHAPTER = "chapter What PyTorch really does, section "
KAIMING = NegativeControl("Fill with slope 0, which is Kaiming's bound.", {"slope": 0.0})
NO_BIASES = NegativeControl("Leave the biases out.", {"bias_scale": 0.0})
FLOOR = "derivation-bias-floor"
RESET = "code of torch.nn.Linear.reset_parameters"
NO_DEPARTURE = "None: torch's own functions, in the order in which its layers call them."
SPREAD = "Five per cent, for the draws of weights and biases."
FEW_CHANNELS = "Ten per cent, for the draws: one network has few kernels and few biases."

CLAIMS = (
    Claim(
        id="torch-default-linear",
        kind=Kind.SOFTWARE,
        statement="The weights of a new nn.Linear are uniform within ±1/√fan_in.",
        source=PYTORCH.at(f"{RESET}, comment “Setting a=sqrt(5)”"),
        quantity="largest_times_root_fan_in.linear",
        measured_as=(
            "The largest of all weights of a new layer of 784 inputs, times √784; a number, "
            "the mean over draws."
        ),
        prediction=1.0,
        band=around(1.0, 0.01),
        reason="One per cent; a Gaussian of the same variance would reach beyond 2.",
        departure=NO_DEPARTURE,
        remark=(
            "The largest of all weights of a layer of 784 inputs, times √784. Its variance is "
            "linear-default-variance, the heuristic that Glorot and Bengio begin with and argue "
            "against."
        ),
        control=NegativeControl("Fill with slope 2.", {"slope": 2.0}),
        derivation="derivation-root-five",
    ),
    Claim(
        id="torch-default-bias",
        kind=Kind.SOFTWARE,
        statement="The biases of a new nn.Linear are uniform within ±1/√fan_in, not 0.",
        source=PYTORCH.at(f"{RESET}, last line"),
        quantity="fan_in_times_variance.bias",
        measured_as=(
            "The number of inputs times the variance of the biases of a new layer; a number, "
            "the mean over draws."
        ),
        prediction=1 / 3,
        band=within(1 / 3, 0.02),
        reason="Two per cent, for the draws; a bias of 0 has no variance.",
        departure=NO_DEPARTURE,
        remark="So the variance of a bias is that of a weight of the same layer.",
        control=NegativeControl("Halve the bound.", {"bias_scale": 0.5}),
        derivation=FLOOR,
    ),
    Claim(
        id="torch-default-numbers",
        kind=Kind.IDENTITY,
        statement="A new nn.Linear holds the weights and biases that the study draws in its place.",
        source=THIS_STUDY.at(f"{CHAPTER}“What a new layer holds”"),
        quantity="same_as_torch.linear",
        measured_as=(
            "Whether all weights and biases of a new layer are those drawn here from the same "
            "seed, bit by bit; 1 for yes, 0 for no."
        ),
        prediction=1.0,
        band=around(1.0, 0.5),
        reason="Yes or no.",
        remark=(
            "Both are filled from the same seed and compared bit by bit, so what is measured "
            "here holds for the layer."
        ),
        control=NO_BIASES,
    ),
    Claim(
        id="torch-default-factor",
        kind=Kind.LAW,
        statement=(
            "A linear layer with torch's defaults, after a ReLU, keeps a sixth of the second "
            "moment."
        ),
        source=THIS_STUDY.at(f"{CHAPTER}“A default layer keeps a sixth”"),
        quantity="first_factor.linear",
        measured_as=(
            "The second moment of the preactivations of layer 2 over that of layer 1; a "
            "number, the mean over draws of weights and biases."
        ),
        prediction=1 / 6,
        band=within(1 / 6, 0.05),
        reason="Five per cent: the biases of layer 2 add 1/(3n), little over one per cent.",
        departure="Read between layers 1 and 2, where the image still outweighs the biases.",
        remark="A third from the weights, a half from the ReLU. Kaiming's layer keeps all.",
        control=KAIMING,
        rival=Rival("Only the weights count, and the ReLU keeps all.", 1 / 3),
        derivation="derivation-default-factor",
    ),
    Claim(
        id="torch-default-floor",
        kind=Kind.LAW,
        statement=(
            "The signal of a deep ReLU network with torch's defaults does not vanish: its second "
            "moment settles at 0.4/n."
        ),
        source=THIS_STUDY.at(f"{CHAPTER}“The biases make a floor”"),
        quantity="last_second_moment.linear",
        measured_as=(
            "The second moment of the preactivations of the last layer, at a width of 512; a "
            "number, the mean over draws of weights and biases."
        ),
        prediction=floor(512),
        band=within(floor(512), 0.05),
        reason=SPREAD,
        departure="A width of 512; the second moment of the last preactivation.",
        remark="It comes from the biases of the last few layers and does not depend on the image.",
        control=NegativeControl(
            "Make the bound of the biases a tenth smaller.", {"bias_scale": 0.9}
        ),
        rival=Rival("The floor is made of the biases of one layer, 1/(3n).", 1 / (3 * 512)),
        derivation=FLOOR,
    ),
    Claim(
        id="torch-default-image-factor",
        kind=Kind.LAW,
        statement=(
            "With torch's defaults what tells two images apart shrinks sixfold in each layer of a "
            "ReLU network."
        ),
        source=THIS_STUDY.at(f"{CHAPTER}“The biases make a floor”"),
        quantity="image_factor.linear",
        measured_as=(
            "The variance, across images, of a unit's preactivation over that in the layer "
            "before, over the upper half of the layers; a number, the mean over draws of "
            "weights and biases."
        ),
        prediction=1 / 6,
        band=within(1 / 6, 0.05),
        reason=SPREAD,
        departure="The variance across images of a unit's preactivation, over the upper half.",
        remark=(
            "Its expectation lies a little below a sixth, since where two images fall on different "
            "sides of a ReLU some of their difference is lost; the less, the more alike they are."
        ),
        control=NegativeControl("Fill with slope 1.", {"slope": 1.0}),
        rival=Rival("Only the weights count, and the ReLU keeps all.", 1 / 3),
        derivation=FLOOR,
    ),
    Claim(
        id="torch-default-gradient",
        kind=Kind.LAW,
        statement=(
            "With torch's defaults the second moment of a ReLU network's gradient shrinks sixfold "
            "per layer, with no floor."
        ),
        source=THIS_STUDY.at(f"{CHAPTER}“The gradient has no floor”"),
        quantity="gradient_factor.linear",
        measured_as=(
            "The second moment of the gradient in a layer over that in the layer above; a "
            "number, the mean over draws of weights and biases."
        ),
        prediction=1 / 6,
        band=within(1 / 6, 0.05),
        reason=SPREAD,
        departure="A random gradient enters at the top; that of a loss depends on the network.",
        remark="Biases add to the signal and not to the gradient.",
        control=NegativeControl(
            "Fill with slope √2, which has the rival's factor.", {"slope": 1.4142135623730951}
        ),
        rival=Rival("Only the weights count, and the ReLU keeps all.", 1 / 3),
        derivation="derivation-default-gradient",
    ),
    Claim(
        id="torch-default-depth",
        kind=Kind.IDENTITY,
        statement=(
            "At a width of 512 torch's default biases outweigh the image from the fifth layer on."
        ),
        source=THIS_STUDY.at(f"{CHAPTER}“The biases make a floor”"),
        quantity="bias_outweighs_image.linear",
        measured_as=(
            "The first layer in which a blank image leaves more than half of the second "
            "moment; in layers from the input, the mean over draws of weights and biases."
        ),
        prediction=5.0,
        band=around(5.0, 0.5),
        reason="A whole number; half of it to either side.",
        departure="784 inputs of unit mean square and a width of 512.",
        remark=(
            "The first layer in which a blank image leaves more than half of the second moment. By "
            "the law the image's part is 6^(1−l)/3 and that of the biases about 0.4/n; so at a "
            "width of 128 it is the fourth layer."
        ),
        control=NegativeControl("Shrink the biases to a third.", {"bias_scale": 0.33}),
        derivation=FLOOR,
    ),
    Claim(
        id="torch-conv-default",
        kind=Kind.LAW,
        statement=(
            "A convolution with torch's defaults, after a ReLU, keeps a sixth of the second moment."
        ),
        source=THIS_STUDY.at(f"{CHAPTER}“A default layer keeps a sixth”"),
        quantity="factor.convolution",
        measured_as=(
            "The second moment of the preactivations of a convolution over that of the one "
            "before, without biases; a number, the mean over draws of weights and biases."
        ),
        prediction=1 / 6,
        band=within(1 / 6, 0.1),
        reason=FEW_CHANNELS,
        departure="Convolutions of 3 by 3 with circular padding, without their biases.",
        remark=(
            "The fan_in is the kernel's area times the channels. The note behind "
            "s004-conv-wrong-formula met this."
        ),
        control=NegativeControl("Fill with slope 3/2.", {"slope": 1.5}),
        rival=Rival("Only the weights count, and the ReLU keeps all.", 1 / 3),
        derivation="derivation-default-factor",
    ),
    Claim(
        id="torch-conv-floor",
        kind=Kind.LAW,
        statement=(
            "With their biases, torch's default convolutions settle at a second moment of 0.4 over "
            "the fan_in."
        ),
        source=THIS_STUDY.at(f"{CHAPTER}“The biases make a floor”"),
        quantity="second_moment_times_fan_in.convolution",
        measured_as=(
            "The fan_in times the second moment of the preactivations, over the last four of "
            "twelve convolutions; a number, the mean over draws of weights and biases."
        ),
        prediction=0.4,
        band=within(0.4, 0.1),
        reason=FEW_CHANNELS,
        departure=(
            "Convolutions of 3 by 3 with circular padding, over the last four of twelve layers."
        ),
        remark="The same law with the fan_in of a convolution.",
        control=NegativeControl(
            "Make the bound of the biases a fifth smaller.", {"bias_scale": 0.8}
        ),
        rival=Rival("The floor is made of the biases of one layer, 1/(3n).", 1 / 3),
        derivation=FLOOR,
    ),
)
