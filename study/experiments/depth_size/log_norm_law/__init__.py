"""Why the size of almost every deep network is not the size that its initialisation keeps.

The right weight variance keeps the expectation of the squared norm at any depth; the logarithm of
the norm drifts down and spreads. Ensembles of networks of several widths, depths and kinds.
"""
