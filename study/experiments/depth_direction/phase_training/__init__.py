"""How deep a network of tanh units can be and still begin to learn, across the edge of chaos.

Networks of several depths with weights of several variances and one variance of the biases, trained
for a short time by plain descent and by Adam, each at three learning rates. All that share a depth
are trained side by side.
"""
