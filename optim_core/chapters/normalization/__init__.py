"""Chapter 10: normalization."""
