"""What was heard: the sound of a call's streams as a file that plays.

No command line and no captures here: records come in, octets of a WAV file go out. Sound waits in temporary files, so
that hours of it need no memory.
"""
