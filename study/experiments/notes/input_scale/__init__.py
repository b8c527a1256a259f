"""What the scale of the input does to gradient descent and to Adam.

A network trained, by either, on pixels that are standardised, from 0 to 1, from 0 to 255, or
standardised with one half of them a thousandfold; and, for least squares on the same inputs, the
Hessian and the largest step that gradient descent bears.
"""
