"""What a network learns from the digit as a number, with the squeeze forgotten, and from classes.

Networks with one hidden layer on standardised MNIST images: one output and the squared error, the
same with the squeeze of the outputs forgotten, and ten outputs and the cross-entropy. They are
trained at other learning rates, on pixels from 0 to 1 and by Adam, too.
"""
