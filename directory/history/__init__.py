"""Who changed what, when, why; append-only."""
