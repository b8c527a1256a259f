"""Which fan is which: a weight matrix used as x @ w, and what torch does with its shape.

Torch stores a linear layer's weights as (fan_out, fan_in) and reads any matrix so. The notes
multiply ``x @ w`` with ``w`` of shape (fan_in, fan_out), so each name means the other number.
"""
