"""Who exists and who holds which post."""
