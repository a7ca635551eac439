"""Files, pipes and interfaces: their octets and formats. Nothing about protocols."""
