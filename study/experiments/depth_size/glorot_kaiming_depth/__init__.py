"""What the variances 1/n and 2/n do to a signal through a thousand ReLU, tanh and linear layers.

Each of the two is right for one kind of layer and wrong for another, and how wrong a wrong one is
depends on the activation.
"""
