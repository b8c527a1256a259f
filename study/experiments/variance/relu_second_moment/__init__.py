"""What one ReLU layer does to the size of a signal and of a gradient.

Networks of equal width, on standardised MNIST images, with Gaussian weights of several variances
and activations of several negative slopes. All arms of one draw share their random numbers.
"""
