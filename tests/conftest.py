"""Examples may take as long as a busy machine lets them: no test asserts on the clock."""

from hypothesis import settings

settings.register_profile("muxshark", deadline=None)
settings.load_profile("muxshark")
