"""Deep convolutional ReLU networks from Xavier's weights and from He's.

The second and the third figure of He et al. (2015) with small images and few channels.
"""
