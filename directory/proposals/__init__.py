"""Changes suggested, not yet true; two pairs of eyes."""
