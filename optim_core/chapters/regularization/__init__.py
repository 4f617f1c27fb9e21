"""Chapter 13: regularization."""
