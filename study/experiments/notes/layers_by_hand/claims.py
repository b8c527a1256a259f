"""What is claimed, what it predicts, and what must not agree."""

from math import sqrt

from study.experiments.notes.layers_by_hand.method import PIXELS
from study.record.claims import Band, Claim, Kind, NegativeControl, around
from study.theory.sources import FROM_SCRATCH_NOTE, SHORT_NOTE, THIS_STUDY

ROUNDING = 2.0**-53
"""The largest relative error of one rounding in float64."""


def roundings(count: float) -> Band:
    """Return the band of relative differences that so many equal roundings in float64 explain."""
    return around(0.0, count * ROUNDING)


CLAIMS = (
    Claim(
        id="s001-promise-operator",
        kind=Kind.IDENTITY,
        statement="Inside the matrix product are products and sums: loops give what @ gives.",
        source=THIS_STUDY.at(
            "chapter From functions to modules, section “Inside the matrix product”; announced by "
            "the copy of the from-scratch note, section 2"
        ),
        quantity="matrix_product_difference.largest",
        measured_as=(
            "The largest relative difference between a matrix product by loops, broadcasting or "
            "einsum and torch's, in float64, averaged over draws."
        ),
        prediction=0.0,
        band=roundings(PIXELS),
        reason="784 roundings, as if each product of the sum over pixels were rounded one way.",
        remark="Loops, broadcasting and einsum against @; equal but for the order of the sums.",
        control=NegativeControl(
            "Leave one pixel out of the sums.", {"planted.products_left_out": 1}
        ),
        derivation="derivation-matrix-product",
    ),
    Claim(
        id="convolution-is-a-matrix-product",
        kind=Kind.IDENTITY,
        statement="A convolution and its gradients are those of a linear layer of patches.",
        source=THIS_STUDY.at(
            "chapter From functions to modules, section “A convolution is a matrix product”"
        ),
        quantity="convolution_difference.float64",
        measured_as=(
            "The largest relative difference between output and gradients of a convolution by "
            "patches and of torch's, in float64, averaged over draws."
        ),
        prediction=0.0,
        band=roundings(sqrt(64 * 14 * 14)),
        reason="√12544 roundings: a kernel's gradient sums over 64 images of 14 by 14 places.",
        remark="Output, and gradients of images, kernels and biases, against torch's convolution.",
        control=NegativeControl(
            "Flip the kernels, as in the convolution of mathematics.",
            {"planted.kernel_flipped": True},
        ),
        derivation="derivation-convolution",
    ),
    Claim(
        id="batch-normalisation-by-hand",
        kind=Kind.IDENTITY,
        statement="Batch normalisation sends gradients through the batch's mean and variance, too.",
        source=THIS_STUDY.at(
            "chapter Batch normalisation, section “The forward pass standardises each column”"
        ),
        quantity="normalisation_difference.float64",
        measured_as=(
            "The largest relative difference between output and gradients of a batch normalisation "
            "by hand and of torch's, in float64, averaged over draws."
        ),
        prediction=0.0,
        band=roundings(sqrt(2_000)),
        reason=(
            "√2000 roundings: a sum over 2,000 images that is made in another order strays like a "
            "random walk of that many steps."
        ),
        remark="Of the hidden preactivations; output and three gradients, against torch's.",
        control=NegativeControl(
            "Take mean and variance for constants on the way down.",
            {"planted.constant_statistics": True},
        ),
        derivation="derivation-batch-normalisation",
    ),
    Claim(
        id="s000-two-layers-parameters",
        kind=Kind.IDENTITY,
        statement=(
            "A network of two layers needs two matrices of weights and two vectors of biases."
        ),
        source=SHORT_NOTE.at("“For 2 layers we shall need 2 weight matrices and 2 bias”"),
        quantity="parameter_tensors.mse",
        measured_as="The number of tensors of parameters in the notes' network.",
        prediction=4.0,
        band=around(4.0, 0.5),
        reason="Half a tensor: the number is a count, and one more or less would show.",
        departure="Counted in the chain of modules, which is the note's network.",
        remark=(
            "They hold 784 · 50 + 50 + 50 · 1 + 1 numbers, for 784 pixels, 50 units and one output."
        ),
        control=NegativeControl(
            "Leave the biases of the last layer out.", {"planted.bias_left_out": True}
        ),
    ),
    Claim(
        id="s004-shape-assert",
        kind=Kind.IDENTITY,
        statement="The outputs of the model have one row for each image, and one column.",
        source=FROM_SCRATCH_NOTE.at("code “assert model(x_valid).shape”"),
        quantity="shape_asserted.mse",
        measured_as="1 if the note's assertion on the shape of the outputs holds, else 0.",
        prediction=1.0,
        band=around(1.0, 0.5),
        reason="1 if the note's assertion holds, else 0.",
        remark="The loss removes the column again; that is where shapes go wrong unseen.",
        control=NegativeControl(
            "Remove the column in the model.", {"planted.column_removed": True}
        ),
    ),
    Claim(
        id="s004-shape-assert-printed",
        kind=Kind.EXACT_PRINT,
        statement="On the validation images the outputs of the model have the shape (10000, 1).",
        source=FROM_SCRATCH_NOTE.at("output “>>> model(x_valid).shape”"),
        quantity="shape_printed.mse",
        measured_as=(
            "1 if the outputs on the 10,000 validation images have the printed shape, else 0."
        ),
        prediction=1.0,
        band=around(1.0, 0.5),
        reason="1 if the shape is the printed one, else 0.",
        remark="Torch itself would print torch.Size([10000, 1]).",
        control=NegativeControl("Give the model ten outputs.", {"outputs.mse": 10}),
        data="mnist",
    ),
    Claim(
        id="s004-architecture",
        kind=Kind.IDENTITY,
        statement=(
            "The notes' network has one hidden layer of 50 units; one output while building, ten "
            "in the end."
        ),
        source=FROM_SCRATCH_NOTE.at(
            "section 2.1, “Our model has one hidden layer, output to have 10 activations, used in "
            "cross entropy.”"
        ),
        quantity="shapes_described.both",
        measured_as=(
            "1 if all tensors of the networks with one and with ten outputs have the shapes that "
            "follow from the note's words, else 0."
        ),
        prediction=1.0,
        band=around(1.0, 0.5),
        reason="1 if all shapes of both networks are those described, else 0.",
        departure="The note never shows the network with ten outputs.",
        remark="Ten outputs for the cross-entropy, one for the mean squared error.",
        control=NegativeControl("Give the network eleven outputs.", {"outputs.cross_entropy": 11}),
    ),
)
