"""Chapter 15: which knob is wrong?"""
