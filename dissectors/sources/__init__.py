"""Files, pipes and interfaces: octets and what the format says of them. Nothing about protocols."""
