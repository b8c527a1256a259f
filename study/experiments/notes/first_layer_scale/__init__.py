"""Mean and deviation of the first layer, over many draws of its weights.

The lesson notes' layer of 784 inputs and 50 units, on the validation images, at three sizes of the
weights, without a ReLU, with one, and with a ReLU minus 0.5. The notes print these numbers for one
draw without a seed, so each printed number is placed among the draws. All arms of one draw share
their random numbers.
"""
