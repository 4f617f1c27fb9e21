"""Chapter 09, scale and initialization: why does depth break signals?"""
