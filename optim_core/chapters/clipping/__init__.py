"""Chapter 12: clipping."""
