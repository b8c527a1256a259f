"""How far a few updates move each layer's preactivations, by the width of the layers.

Small updates of ReLU networks of one to a few dozen times a base width, under two rules of weights
and learning rates, by plain descent and by Adam; the powers of the width are read off as slopes.
"""
