"""What comes back: where it arrives, and what kind of message it is."""
