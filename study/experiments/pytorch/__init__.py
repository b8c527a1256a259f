"""What torch really does."""
