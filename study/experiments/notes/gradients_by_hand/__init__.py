"""Gradients by hand against autograd, from one function per layer to modules and torch.nn.

The notes' network of one hidden layer on standardised MNIST images. What is compared is computed
from the same weights, so the differences are rounding, or a mistake.
"""
