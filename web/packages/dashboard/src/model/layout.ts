/** Where the nodes of the mesh graph lie: you in the middle, the others around, the same every time for the same list. */

export interface Point {
  readonly x: number;
  readonly y: number;
}

export const WIDTH = 640;
export const HEIGHT = 420;

/** So many fit on a ring before another is begun outside. */
const INNER = 9;

/** Places for `count` others around the middle; the inner ring first. */
export function ringPlaces(count: number): readonly Point[] {
  const inner = Math.min(count, INNER);
  const outer = count - inner;
  return [...ring(inner, outer === 0 ? 0.78 : 0.52, -Math.PI / 2), ...ring(outer, 0.98, -Math.PI / 2 + Math.PI / Math.max(outer, 1))];
}

function ring(count: number, share: number, from: number): Point[] {
  const [rx, ry] = [(WIDTH / 2 - 64) * share, (HEIGHT / 2 - 52) * share];
  return Array.from({ length: count }, (_, n) => {
    const angle = from + (2 * Math.PI * n) / count;
    return { x: WIDTH / 2 + rx * Math.cos(angle), y: HEIGHT / 2 + ry * Math.sin(angle) };
  });
}
