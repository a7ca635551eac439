"""ICE, TURN, consent, and sessions without signalling."""
