/**
 * Names: friendly ones to begin with, an adjective and a bird of the water, as in "Quiet Heron" (the words are the
 * node's); and what a name may be.
 */

import type { Random } from "./bytes.ts";

const ADJECTIVES = `
  Agile Amber Autumn Bold Brave Bright Brisk Calm Candid Clear Clever Cloudy Copper Coral Cosy Curious Daring Dawn Deft
  Distant Eager Early Evening Fair Fleet Gentle Glad Golden Grand Hardy Hazel Honest Humble Ivory Jolly Keen Kind Lively
  Lucky Mellow Merry Mild Misty Morning Neat Noble Northern Nimble Patient Placid Proud Quick Quiet Ready Rosy Sandy
  Serene Silver Sleek Steady Sunny Tidy Velvet Winter
`;
const BIRDS = `
  Albatross Avocet Bittern Coot Cormorant Crake Crane Curlew Dipper Diver Dunlin Egret Eider Fulmar Gadwall Gannet
  Godwit Goldeneye Goosander Grebe Greenshank Guillemot Gull Heron Ibis Jacana Kingfisher Kittiwake Knot Lapwing Mallard
  Merganser Moorhen Osprey Oystercatcher Pelican Petrel Phalarope Pintail Plover Puffin Sandpiper Shoveler Spoonbill
  Stilt Teal Tern Wigeon
`;

/** A name drawn with two random bytes: claimed, never trusted, so two may well have the same. */
export function friendlyName(random: Random): string {
  const [first = 0, second = 0] = random(2);
  const pick = (words: string, drawn: number): string => {
    const all = words.trim().split(/\s+/);
    return all[drawn % all.length] ?? "";
  };
  return `${pick(ADJECTIVES, first)} ${pick(BIRDS, second)}`;
}

/** A claimed name as it may be shown: one line of at most 40 characters. */
export function tidyName(name: string): string {
  return Array.from(name.replaceAll(/[\s\p{C}]+/gu, " ").trim()).slice(0, 40).join("");
}

/** Whether `name` has 1 to `most` characters that can all be shown: what Python calls printable. */
export function isShown(name: string, most: number): boolean {
  const { length } = Array.from(name);
  return length > 0 && length <= most && !/[\p{C}\p{Z}]/u.test(name.replaceAll(" ", ""));
}
