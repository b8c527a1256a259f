"""What Glorot and Bengio's figures 6 to 8 show at the start of training, on MNIST.

The activations, the back-propagated gradients and the weight gradients of each layer of a tanh
classifier, with both of the paper's initialisations and two scales of the images; and the sigmoid.
"""
