"""How the learning rate depends on the width."""
