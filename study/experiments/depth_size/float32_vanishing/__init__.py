"""Where the signal of a thousand ReLU layers becomes exactly zero in float32.

With weights of variance 1/n each layer halves the second moment. The numbers themselves are
computed in float32, not their law, so the signal ends where the smallest float32 number is.
"""
