"""What changed, told to others: to software by signed webhooks, to people by a digest of what they follow."""
