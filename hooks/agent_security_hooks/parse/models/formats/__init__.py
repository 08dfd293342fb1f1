"""Model formats that are no pickle and no archive: what in them runs code, opens files or lies about its size."""
