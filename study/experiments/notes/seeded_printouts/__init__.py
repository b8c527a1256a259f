"""What the seeded code of the normalisation note prints.

The note seeds its generator, so its printed numbers can be met to the last digit, or not. Beside
them stand independent draws of the same code, which show what is law and what is this one seed.
"""
