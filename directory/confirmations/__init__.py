"""The quarterly question: who is asked, by which letter, what they answered, who is asked next."""
