"""Forms: what may be typed where, and the sentence for what cannot."""
