"""The capture itself, and how it was sent: connections, one port, compressed bodies."""
