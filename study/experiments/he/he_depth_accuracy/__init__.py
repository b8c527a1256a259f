"""What the error is in the end: from Xavier's weights and from He's, and with more layers.

The comparison of 14 layers and the one of 14 with 30 of He et al. (2015), with fully connected
networks on MNIST and a fixed number of updates.
"""
