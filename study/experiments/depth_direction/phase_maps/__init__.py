"""Order and chaos: where on the plane of weight and bias variance a network forgets its input.

Deep tanh and ReLU networks for many pairs of variances, with inputs that are nearly alike, less
alike and at right angles. All networks of one draw share their random numbers.
"""
