"""How many terms a convolution adds up, and how many torch counts from the shape of its kernels.

Grouped, strided and transposed convolutions of MNIST images and of noise, upwards and downwards,
round the edges, so that no edge disturbs the count.
"""
