"""What `run.py` does: an environment for the checkout, the command in it, the tests. No part of the package."""
