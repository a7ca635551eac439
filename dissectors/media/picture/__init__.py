"""What was heard as a picture: waveform, spectrogram, loss and jitter over one axis of time, as SVG or PNG.

Numbers come in, shapes go out. Pillow, which draws the PNG, is opened in `raster` alone.
"""
