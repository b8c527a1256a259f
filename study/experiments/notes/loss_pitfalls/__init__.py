"""What goes wrong at the loss: a forgotten squeeze, lost axes, types, and a map without an index.

The loss of untrained networks on MNIST digits, with and without the squeeze of the lesson notes;
and the rules of shape and type on which that loss stands, each tried on a few numbers.
"""
