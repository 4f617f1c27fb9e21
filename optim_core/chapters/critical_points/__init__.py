"""Chapter 02: critical points."""
