"""What the first loss says of the last layer: of its size, and of its biases.

Networks of one hidden layer on MNIST images before training, with last weights of several sizes,
and with last biases of zero or of the class shares where one class is common; and how each is
trained for a short while. All arms of a draw share their random numbers.
"""
