"""What was heard and seen: the sound and video of a call's streams as a file that plays.

No command line and no captures here: records come in, octets of a file go out. Sound waits in temporary files, so
that hours of it need no memory.
"""
