"""Screens that are redrawn.

A screen shows values and events; it reads no capture.
"""
