"""Chapter 06: adaptive rates."""
