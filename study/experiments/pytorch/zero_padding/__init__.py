"""What padding with zeros takes away at the edges of an image, in one layer and in many.

Convolutions of 3 by 3 with Gaussian weights, on noise and on MNIST images made smaller.
"""
