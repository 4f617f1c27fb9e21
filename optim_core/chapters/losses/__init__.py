"""Chapter 11: losses."""
