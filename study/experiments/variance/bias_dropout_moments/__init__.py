"""What a constant bias before a ReLU, and dropout behind it, do to signal, gradient and dead units.

Deep ReLU networks before training, on MNIST images scaled to unit mean square, with dropout in
training and in evaluation. All arms of a draw share the random numbers of weights and masks.
"""
