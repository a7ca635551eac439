"""The captures of this folder and what makes them: `python3 -m pcaps.make`. No part of the package."""
