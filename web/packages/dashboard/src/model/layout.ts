/** Where the nodes of the mesh graph lie: you in the middle, the others around, the same every time for the same list. */

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** A drawing of `width` × `height`; one unit is about one pixel, so that nodes stay large enough to hit. */
export interface Sheet {
  readonly width: number;
  readonly height: number;
  /** Half of what a node with its name takes, across and down. */
  readonly margin: Point;
  /** So many fit on one ring; where there are more, a second is begun inside. */
  readonly ring: number;
}

export const WIDE: Sheet = { width: 640, height: 500, margin: { x: 60, y: 48 }, ring: 14 };
export const TALL: Sheet = { width: 312, height: 460, margin: { x: 38, y: 44 }, ring: 12 };

/** Nodes that both sheets can show and still be read; the list shows all. */
export const MOST = 20;

export const middleOf = ({ width, height }: Sheet): Point => ({ x: width / 2, y: height / 2 });

/** Places for `count` others, those that come first on the inner ring if there are two. */
export function placesOn(sheet: Sheet, count: number): readonly Point[] {
  if (count <= sheet.ring) return ring(sheet, count, 1);
  const outer = Math.min(count, sheet.ring);
  return [...ring(sheet, count - outer, 0.52), ...ring(sheet, outer, 1)];
}

function ring(sheet: Sheet, count: number, share: number): Point[] {
  const { x, y } = middleOf(sheet);
  const [rx, ry] = [(x - sheet.margin.x) * share, (y - sheet.margin.y) * share];
  return Array.from({ length: count }, (_, n) => {
    const angle = -Math.PI / 2 + (2 * Math.PI * n) / count;
    return { x: Math.round(x + rx * Math.cos(angle)), y: Math.round(y + ry * Math.sin(angle)) };
  });
}
