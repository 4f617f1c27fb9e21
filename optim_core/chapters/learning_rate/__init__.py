"""Chapter 03: learning rate."""
