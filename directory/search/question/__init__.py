"""Reading a question: text in, Reading out."""
