"""How many terms a convolution adds up, and how many torch counts from the shape of its kernels.

Grouped, strided and transposed convolutions of MNIST images and of noise, forward and backward,
with circular padding, so that the border plays no part.
"""
