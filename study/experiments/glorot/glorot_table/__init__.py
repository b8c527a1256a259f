"""The MNIST column of Glorot and Bengio's Table 1, and their figure 12, with a smaller budget.

Five activations and initialisations, each at the best of the same learning rates, with the paper's
minibatches of ten: test errors in training and at the end, beside the printed ones.
"""
