"""Entry to vCard, CSV and JSON."""
