"""The read side: an Entry is one frozen picture of a post, projected for a viewer."""
