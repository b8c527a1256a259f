"""What the scale of the weights does to a gradient, a step and a training behind a normalisation.

Small ReLU networks on MNIST in float64, with RMSNorm, LayerNorm or batch normalisation behind each
hidden map, or without. Each is compared with itself from hidden weights of another scale.
"""
