"""What Glorot and Bengio conclude: rates for each parameter, other shapes, Jacobians near one.

Tanh networks on MNIST, each at the best of several learning rates. All networks of a draw and of
one shape share their random numbers, and all networks of a draw the order of the images.
"""
