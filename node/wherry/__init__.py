"""Wherry: peers that reach each other by identity, over WebRTC, with nobody's server in between."""
