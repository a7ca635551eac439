"""Frames of an interface: backends, filters, rights.

Everything here uses the system; `opening` decides the order of the backends.
"""
