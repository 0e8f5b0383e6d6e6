/** What the file of a whole profile begins with: told from everything else without loading what reads it. */

export const MAGIC = "WHERRYPF";

/** Whether a file that begins so is an exported profile. */
export function isProfile(beginning: Uint8Array): boolean {
  return String.fromCharCode(...beginning.subarray(0, MAGIC.length)) === MAGIC;
}
