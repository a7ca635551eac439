"""Capture formats: pcap, pcapng, snoop, ERF, as octets.

Octets in, records out; nothing here opens a file.
"""
