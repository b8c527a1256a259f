"""How many updates it costs to divide by fan_out where the last layer is narrow.

Short trainings on MNIST, in float64, each mode at the learning rate that did best in trainings with
other weights; all modes of one draw share their random numbers and the order of the images.
"""
