"""What dividing by fan_in, by fan_out or by a mean of both does where the widths change.

ReLU networks of several shapes, on standardised MNIST images, with a random gradient from above.
A ReLU network without biases only scales with its weights, so that all modes of one draw are one
signal read at different scales: their ratios carry no spread.
"""
