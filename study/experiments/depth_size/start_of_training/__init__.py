"""When a network starts to train: weights of the right size, and of others, width equal to depth.

What figure 1 (b) of Hanin and Rolnick (2018) shows, on MNIST: how long fully connected ReLU
networks take to 20 per cent of accuracy, with the same search for a learning rate for each.
"""
