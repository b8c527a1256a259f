"""How large a signal is after a thousand layers, and where it ends."""
