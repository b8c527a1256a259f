"""What the initial scale of the weights does to training under batch normalisation.

Short training of fully connected ReLU networks on MNIST, in float64. All arms of one draw share
their random numbers and the order of the images, so that they are compared in pairs.
"""
