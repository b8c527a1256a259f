"""How many updates it costs to divide by fan_out where the last layer is narrow.

Short training on MNIST, in float64, each mode at the best of several learning rates; all modes of
one draw share their random numbers and the order of the images.
"""
