"""What torch's layers start with, and what becomes of images and gradients in them.

A linear layer and a convolution of torch, made without further words, hold uniform weights of
variance 1/(3 fan_in) and biases of the same variance. Above them stand ReLUs.
"""
