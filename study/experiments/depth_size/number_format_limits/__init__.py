"""At which layer a signal ends in float32, bfloat16 and float16, and what ends before it.

In ReLU networks all weights, signals and gradients are rounded to a number format after each
operation. The layer is predicted in closed form, from the variance, the width and the format.
"""
