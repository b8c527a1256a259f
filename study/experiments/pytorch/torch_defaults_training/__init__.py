"""Whether a ReLU network with torch's default start learns, by its depth and by how it is trained.

Networks of equal width on MNIST, trained for a few hundred steps from torch's defaults and from
He's weights without biases, by plain descent and by Adam, with standardised pixels and with pixels
from 0 to 1. All networks of a draw see the same images in the same order.
"""
