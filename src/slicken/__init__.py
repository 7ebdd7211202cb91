"""slicken: how much of its past does friction remember, and what does it remember?"""

__version__ = "0.1.0"
