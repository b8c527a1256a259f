"""Which gain trains a network of tanh units: torch's 5/3, or one nearer to 1, by depth.

Fully connected tanh networks on MNIST of several depths, the weights of each with several gains,
each trained for less than an epoch with every learning rate of one grid.
"""
