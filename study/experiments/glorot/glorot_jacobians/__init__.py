"""The Jacobian of one layer at the start of training, and three averages of its singular values.

Glorot and Bengio's section 4.2.2: how one hidden layer of tanh stretches small changes of the one
below, with both of the paper's initialisations, and of what its average singular value is a ratio.
"""
