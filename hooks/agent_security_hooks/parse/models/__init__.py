"""What model files would do when they are loaded, told from their bytes alone."""
