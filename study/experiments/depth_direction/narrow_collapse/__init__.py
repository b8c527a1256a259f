"""How two signals become one in a network much deeper than wide.

One pair of signals in many narrow networks, without an activation and with ReLU: the angle between
them, layer by layer, on the law that holds for any width.
"""
