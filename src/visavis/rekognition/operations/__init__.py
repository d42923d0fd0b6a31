"""Rekognition's operations: each a function from a Request to the members of its answer, over the services.

They raise a WireError, or a VisavisError that `failures.as_wire_error` turns into one.
"""
