"""Which slopes a PReLU network learns: by layer, with and without pooling, and with weight decay.

Small convolutional networks on MNIST. All networks of a draw and of one shape share their random
numbers, and all networks of a draw the order of the images.
"""
