"""The ground floor: clause words, datagrams, link layers, bounded inflating. No clock, file or protocol here."""
