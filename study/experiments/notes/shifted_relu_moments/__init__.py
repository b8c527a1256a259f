"""What a ReLU, Kaiming weights and a ReLU minus 0.5 make of mean and deviation.

The lesson notes' first layer on the validation images. With and without the shift the deviation is
one number as long as the weights are the same; one note counted 100 samples with weights drawn
anew for each, so this counts such pairs, too, often enough to know what luck alone gives.
"""
