"""Layers whose fans differ, by Glorot and Bengio's equations, and what torch makes of them.

Linear networks that narrow, with the three variances of equations 10 to 12 and the gradient of a
true loss; the chain rule of equations 2 and 3 beside autograd; what torch fills matrices with; and
the tails of softsign.
"""
