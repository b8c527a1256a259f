"""Cross-entropy against squared error, on the softmax of a small tanh network.

Both costs see the same weights and the same images in the same order, and both take the learning
rate that is best on validation, out of the same few.
"""
