"""One module per hook; each holds a `check` with its rules."""
