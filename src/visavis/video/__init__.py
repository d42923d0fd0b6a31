"""Stored films: their pictures upright and ready to cover, and files of pictures and sound with nothing else in them."""
