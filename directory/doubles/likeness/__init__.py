"""Whether two institutions, posts or officials are the same: values in, verdict with reasons out. No database."""
