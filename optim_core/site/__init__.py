"""The collection as a static site that runs in the visitor's browser: `python3 -m optim_core site`."""
