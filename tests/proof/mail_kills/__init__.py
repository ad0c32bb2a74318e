"""Senders are killed while they send: nobody is forgotten, nobody gets a third copy, what is unsure is listed."""
