"""Why the top layer of a sigmoid network goes to 0: figure 2 of Glorot and Bengio on MNIST.

Networks of their equation 1, trained by plain descent on minibatches of ten images, with single
causes of the saturation taken away in turn; at three learning rates and two scales of the pixels.
"""
