"""Finding entries: the question, the port and the indexes behind it."""
