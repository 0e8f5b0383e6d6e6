"""From a peer id to an open connection: look up, ring, negotiate, open; and why it failed where it did."""
