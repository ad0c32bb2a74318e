"""Letters: the queued row, how it is rendered, and where it goes."""
