"""mailgate: the e-mail gateway of a Thai government office."""

__version__ = "0.1.0"
