"""From a captured frame to UDP payloads: link layers, IP, fragments, tunnels.

Octets in, datagrams out; nothing here knows a capture format or a protocol above UDP.
"""
