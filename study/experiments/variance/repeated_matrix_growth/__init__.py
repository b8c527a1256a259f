"""What a recurrent matrix does that is used again at each step, against a fresh one for each.

Recurrent networks without biases before training, which start from an MNIST image or read its rows:
linear, ReLU and tanh, and the three recurrent cells of torch as torch starts them.
"""
