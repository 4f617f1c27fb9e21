"""Chapter 16: after Adam."""
