"""What a thousand layers can learn: with the size of the signal kept, and with its direction kept.

ReLU networks with He's weights, as they are and with each layer scaled so that its signal has
exactly the size it should; tanh networks of unit gain with Gaussian and with orthogonal weights.
"""
