"""Captures that somebody made to hurt: each function yields the frames of one shape, the same octets every time.

A shape's size counts what its docstring counts; four times the size is about four times the octets. Nothing here may
import `dissectors`: what reads the captures must not be what makes them.
"""
