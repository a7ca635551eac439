"""Requests, answers and what became of them."""
