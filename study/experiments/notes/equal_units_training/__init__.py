"""What a network learns whose weights do not start at random.

Networks of one hidden layer, and softmax regression, trained on MNIST from weights of zero, from
equal ones, from random biases alone and from random weights. Arithmetic is in float64, and all arms
of a draw see the images in the same order.
"""
