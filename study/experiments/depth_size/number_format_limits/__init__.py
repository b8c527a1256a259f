"""At which layer a signal ends in float32, bfloat16 and float16, and what ends before it.

ReLU networks whose numbers are those of a format: weights, signals and gradients are rounded to it
after each operation. The layer is predicted with pencil, from the variance, the width and the
format.
"""
