"""Parsers and analyses that checks share; each keeps exact positions."""
