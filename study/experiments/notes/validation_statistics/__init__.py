"""Whose statistics validation images need.

Networks trained on standardised images, to which the validation images are brought in several
ways: by the statistics of the training images, of their own set, of each image alone, or raw.
"""
