"""What a run leaves behind: estimates, claims, verdicts, files and their provenance."""
