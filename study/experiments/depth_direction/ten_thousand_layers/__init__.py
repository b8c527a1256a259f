"""What learns with ten thousand layers: plain, residual and batch-normalised networks on MNIST.

Two constructions without normalisation, each with a control without its weights, and a plain ReLU
network with nothing but normalisation. All networks of a draw see the same minibatches.
"""
