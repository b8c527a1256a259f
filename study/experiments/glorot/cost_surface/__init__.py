"""Plateaus of two costs over two weights, Glorot and Bengio's figure 5.

A network with one tanh unit, one weight in each of its two layers, random inputs and random
targets: the cross-entropy and the quadratic cost of its output, and where each surface is flat.
"""
