"""What rounding to few bits does to signal, gradient and updates, within the range of a format.

Deep ReLU networks before training, on MNIST images, once in float64 and once with weights, signals
and gradients rounded to a number format after each operation.
"""
