"""Mean and deviation of a network of two layers, over many draws of its weights.

The from-scratch note's network of 784 inputs, 50 hidden units and one output, on the validation
images, at several sizes of both layers' weights, without a ReLU, with one, and with a ReLU minus
0.5. All arms of one draw share their random numbers.
"""
