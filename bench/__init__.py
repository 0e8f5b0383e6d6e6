"""How fast, and beside what: ratios from one interleaved run, since machines differ and are never quiet."""
