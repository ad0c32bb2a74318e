"""Who may sign in, for which country they speak, and what they may do."""
