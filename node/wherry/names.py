"""Friendly default names: an adjective and a bird of the water, as in "Quiet Heron". 64 × 48 = 3,072 of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

_ADJECTIVES: Final = """
    Agile Amber Autumn Bold Brave Bright Brisk Calm Candid Clear Clever Cloudy Copper Coral Cosy Curious Daring Dawn
    Deft Distant Eager Early Evening Fair Fleet Gentle Glad Golden Grand Hardy Hazel Honest Humble Ivory Jolly Keen
    Kind Lively Lucky Mellow Merry Mild Misty Morning Neat Noble Northern Nimble Patient Placid Proud Quick Quiet Ready
    Rosy Sandy Serene Silver Sleek Steady Sunny Tidy Velvet Winter
"""
_BIRDS: Final = """
    Albatross Avocet Bittern Coot Cormorant Crake Crane Curlew Dipper Diver Dunlin Egret Eider Fulmar Gadwall Gannet
    Godwit Goldeneye Goosander Grebe Greenshank Guillemot Gull Heron Ibis Jacana Kingfisher Kittiwake Knot Lapwing
    Mallard Merganser Moorhen Osprey Oystercatcher Pelican Petrel Phalarope Pintail Plover Puffin Sandpiper Shoveler
    Spoonbill Stilt Teal Tern Wigeon
"""
ADJECTIVES: Final = tuple(_ADJECTIVES.split())
BIRDS: Final = tuple(_BIRDS.split())


def friendly_name(random: Callable[[int], bytes]) -> str:
    """A name drawn with four random bytes: claimed, never trusted, so two may well have the same."""
    drawn = random(4)
    adjective = ADJECTIVES[int.from_bytes(drawn[:2], "big") % len(ADJECTIVES)]
    return f"{adjective} {BIRDS[int.from_bytes(drawn[2:], 'big') % len(BIRDS)]}"
