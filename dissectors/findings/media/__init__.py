"""Who sends what to whom: silence, stops, addresses and sources."""
