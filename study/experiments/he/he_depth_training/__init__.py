"""Deep ReLU networks from Xavier's weights and from He's: who stalls, and for how long.

The second and the third figure of He et al. (2015) with fully connected networks on MNIST.
"""
