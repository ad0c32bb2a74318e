"""Phone books: what a device keeps of the directory, and what it has to be told since it last asked."""
