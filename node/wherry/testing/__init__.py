"""Test your own code against Wherry: an in-memory network, a virtual clock, faults as context managers."""
