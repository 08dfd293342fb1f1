"""Tables: facts that are data, not code, each with its source."""
