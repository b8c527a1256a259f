"""What torch's helpers give: a gain for each activation, and normal numbers that are cut off.

The gains are compared with those that follow from integrals, and used in deep networks.
"""
