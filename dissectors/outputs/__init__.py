"""A report, rendered for people or for other tools. A renderer returns text; only the command line prints."""
