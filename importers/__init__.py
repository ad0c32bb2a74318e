"""Foreign lists into the registry; knows directory, never the reverse."""
