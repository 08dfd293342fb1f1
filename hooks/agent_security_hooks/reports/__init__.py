"""Report formats, one module each, loaded by name."""
