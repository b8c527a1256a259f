"""What residual blocks make of a signal, with and without a factor on their branches.

Blocks without normalisation, on MNIST images scaled to unit mean square. Both arms of one draw
share their random numbers.
"""
