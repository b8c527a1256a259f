"""What one batch normalisation does to a bias, to the rows of its batch and to a scale.

The preactivations of one linear layer on MNIST, normalised as torch normalises them, in float64.
"""
