"""The only folder that knows Flask: one module per page family."""
