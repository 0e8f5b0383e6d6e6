/**
 * What an avatar may be: a PNG, JPEG or WebP, told by its first bytes, and of a size that can be shown. The type is read
 * from the bytes, not believed: an SVG, which can hold a script, is none of them. So are the picture's sides: 64 KiB can
 * unpack to gigabytes. The formats are drawn in Python's `images.py`.
 */

import { fromUtf8 } from "../bytes.ts";
import { AVATAR_BYTES } from "../messages/limits.ts";

/** Pixels of a side. */
const AVATAR_SIDE = 1024;

interface Picture {
  readonly type: string;
  readonly width: number;
  readonly height: number;
}

/** The media type of a picture that may be shown; null if it is none, or too large. */
export function imageType(data: Uint8Array): string | null {
  if (data.length > AVATAR_BYTES) return null;
  const view = new DataView(data.buffer, data.byteOffset, data.length);
  let picture: Picture | null;
  try {
    picture = png(view) ?? jpeg(view) ?? webp(view);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return null; // its head ends too early
  }
  if (picture === null) return null;
  const fits = (side: number): boolean => side > 0 && side <= AVATAR_SIDE;
  return fits(picture.width) && fits(picture.height) ? picture.type : null;
}

function png(view: DataView): Picture | null {
  if (view.getUint32(0) !== 0x89504e47 || view.getUint32(4) !== 0x0d0a1a0a || word(view, 12) !== "IHDR") return null;
  return { type: "image/png", width: view.getUint32(16), height: view.getUint32(20) };
}

function jpeg(view: DataView): Picture | null {
  if (view.getUint16(0) !== 0xffd8 || view.getUint8(2) !== 0xff) return null;
  for (let at = 2; view.getUint8(at) === 0xff; ) {
    const marker = view.getUint8(at + 1);
    const isFrame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
    if (isFrame) return { type: "image/jpeg", height: view.getUint16(at + 5), width: view.getUint16(at + 7) };
    const isBare = marker === 0x01 || (marker >= 0xd0 && marker <= 0xd8);
    at += marker === 0xff ? 1 : isBare ? 2 : 2 + view.getUint16(at + 2);
  }
  return null;
}

function webp(view: DataView): Picture | null {
  if (word(view, 0) !== "RIFF" || word(view, 8) !== "WEBP") return null;
  const type = "image/webp";
  switch (word(view, 12)) {
    case "VP8X":
      return { type, width: u24(view, 24) + 1, height: u24(view, 27) + 1 };
    case "VP8L": {
      if (view.getUint8(20) !== 0x2f) return null;
      const bits = view.getUint32(21, true);
      return { type, width: (bits & 0x3fff) + 1, height: ((bits >> 14) & 0x3fff) + 1 };
    }
    case "VP8 ": {
      if (u24(view, 23) !== 0x2a019d) return null;
      return { type, width: view.getUint16(26, true) & 0x3fff, height: view.getUint16(28, true) & 0x3fff };
    }
    default:
      return null;
  }
}

function u24(view: DataView, at: number): number {
  return view.getUint16(at, true) | (view.getUint8(at + 2) << 16);
}

/** Four letters; nothing where they are none. */
function word(view: DataView, at: number): string {
  const letters = new Uint8Array(view.buffer, view.byteOffset + at, 4);
  return letters.every((byte) => byte < 0x80) ? fromUtf8(letters) : "";
}
