/** A picture that somebody chose, made small enough to send to every friend. */

/** Pixels of each side. */
const SIDE = 256;

/** Bytes that an avatar may have. */
const MOST = 64 * 1024;

/** The middle square of `file` as a `data:` URL of a JPEG; null if the browser cannot read it as a picture. */
export async function shrunk(file: Blob): Promise<string | null> {
  let source: ImageBitmap;
  try {
    source = await createImageBitmap(file);
  } catch (error) {
    if (error instanceof DOMException) return null;
    throw error;
  }
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = SIDE;
  const side = Math.min(source.width, source.height);
  const [left, top] = [(source.width - side) / 2, (source.height - side) / 2];
  canvas.getContext("2d")?.drawImage(source, left, top, side, side, 0, 0, SIDE, SIDE);
  source.close();
  for (const quality of [0.85, 0.7, 0.5, 0.3]) {
    const url = canvas.toDataURL("image/jpeg", quality);
    if ((url.length * 3) / 4 < MOST) return url;
  }
  return null;
}
