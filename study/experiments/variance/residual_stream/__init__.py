"""Size of the stream, share of a block in it and gradient by depth, in residual networks.

Blocks of two layers with a ReLU before training, without a normalisation, with one before the
branch or one behind the sum, on MNIST images. All arms of a draw share the random numbers.
"""
