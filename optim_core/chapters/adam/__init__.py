"""Chapter 07: Adam."""
