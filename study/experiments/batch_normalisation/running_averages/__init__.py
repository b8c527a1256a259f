"""How the running averages of batch normalisation approach the data, and what they hold.

Torch's averages of the mean and the variance of small batches of preactivations, on MNIST, shifted
and scaled so that the data's mean and deviation are known; in float64.
"""
