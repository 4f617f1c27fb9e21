"""Chapter 05: momentum."""
