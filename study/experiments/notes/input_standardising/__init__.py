"""Input statistics before and after standardising.

Mean and deviation of the pixels by several conventions, and as sums in float32 give them; what the
letters n, m and c of the notes count; and the size of a first layer on several inputs.
"""
