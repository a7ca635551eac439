"""Offers and answers, and what the sides agreed on."""
