"""The mathematics of the study: float in, float out; no torch, no files."""
