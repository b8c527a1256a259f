"""Which fan is which, and what each keeps."""
