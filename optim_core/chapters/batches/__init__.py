"""Chapter 04: batches."""
