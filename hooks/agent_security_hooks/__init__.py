"""Pre-commit hooks for people who ship AI agents."""

__version__ = "0.1.0"
