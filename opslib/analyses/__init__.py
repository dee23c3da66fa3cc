"""One question per module: a plain function that returns a result."""
