"""Loss, repair, feedback and sizes on the path."""
