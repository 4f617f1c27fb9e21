"""Chapter 14: architecture."""
