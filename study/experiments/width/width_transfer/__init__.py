"""Whether the best learning rate of a narrow network serves a wide one.

Short trainings on small MNIST images, at every rate of a grid and several widths, under two rules
of weights and learning rates, by plain descent and by Adam. Rates are chosen on draws of their own.
"""
