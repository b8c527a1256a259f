"""A matrix product, a convolution, a batch normalisation and the notes' shapes, by hand.

What is compared with torch is computed from the same numbers, so the differences are rounding, or a
mistake.
"""
