"""The ground floor: clauses, datagrams, link layers, bounded inflating. No clock, file or protocol here."""
