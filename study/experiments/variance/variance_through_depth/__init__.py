"""How large a signal is after up to a hundred layers, for many activations and weight variances.

Networks of equal width without biases, on MNIST images scaled to unit mean square. All arms of one
draw share their random numbers.
"""
