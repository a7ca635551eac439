"""Captures made for measuring, and the measuring: muxshark against its peers and against a plain pass in C."""
