"""Chapter 01, one step: what does η·∇L do?"""
