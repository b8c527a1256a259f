"""Glorot and Bengio's laws of variance, in linear networks with the gradient of a true loss.

Both of the paper's initialisations in a classifier with hidden layers of one width, before any
training: the signal, the gradient and the weight gradients of each layer, beside equations 5 to 15.
"""
