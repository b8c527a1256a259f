"""Whether the law of the weights matters beside their variance, and when the variance matters.

Gaussian weights, uniform ones and ones of two values, and weights ten times too small and too
large, in shallow and in deep networks. Short training on MNIST, in float64; all arms of one draw
share the order of the images.
"""
