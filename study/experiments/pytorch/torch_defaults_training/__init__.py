"""Whether a ReLU network with torch's default start learns, by how deep it is.

Networks of equal width on MNIST, trained for a few hundred steps from torch's defaults and from
He's weights without biases. All networks of a draw see the same images in the same order.
"""
