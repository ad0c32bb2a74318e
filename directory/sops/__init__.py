"""SOPs, measures, steps and the taxonomy around them, as versioned data."""
