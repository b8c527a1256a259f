"""The worked examples of He et al., and their parametric ReLU beside torch's.

What follows from the sizes of the paper's networks alone; torch's own function for the condition
of equation 10; and torch's PReLU with its gradient, by the paper's formulas.
"""
