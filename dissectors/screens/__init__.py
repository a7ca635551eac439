"""What is drawn on a screen that changes.

A screen looks at values and events, and reads no capture.
"""
