"""Error rates that anyone can check: of visavis, of a model plugged in, of any other system."""
