"""How activations and gradients of tanh and softsign networks develop in training.

Five hidden layers, trained by plain descent from the common heuristic and from the normalised
initialisation of Glorot and Bengio; their figures 3, 4, 7, 9 and 10, on MNIST.
"""
