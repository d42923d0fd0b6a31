"""Consent: the states of a grant, its terms, the record of it and the page that the person gets."""
