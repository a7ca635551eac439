"""Frames of an interface: the ways in, filters, rights.

Everything here touches the system; `opening` says which way is tried first.
"""
