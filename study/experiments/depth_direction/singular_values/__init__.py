"""How a deep network stretches some directions and shrinks the others.

The derivative of the last activation with respect to the first, as one matrix: its singular values
for Gaussian and orthogonal weights, without activation and with ReLU and tanh, at several depths.
"""
