"""How two images become one on their way through a deep network, and when they do not.

The cosine between the activations of ten digits, layer by layer, in wide networks of ReLU, leaky
and shifted ReLU, tanh in three phases and no activation.
"""
