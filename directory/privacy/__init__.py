"""What is held about a person: told to them, and taken out when they ask."""
