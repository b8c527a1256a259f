"""What a gain of 5/3 keeps in a network of tanh units, and what it does not keep.

Networks of equal width, on MNIST images scaled to unit mean square, with Gaussian weights of
several gains and zero biases. All arms of one draw share their random numbers.
"""
