"""The TRM contact directory: who handles what, in which country."""
