"""Messages that always arrive: packets of numbered items, the two sides of a pair, and the post that carries them."""
