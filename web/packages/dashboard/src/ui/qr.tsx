import { useMemo } from "preact/hooks";
import { correction, generate } from "lean-qr";

/** Modules of white around a code; scanners need four. */
const QUIET = 4;

/** `text` as a QR code: dark on light whatever the theme, since many scanners read nothing else. */
export function QrCode({ text, label }: { readonly text: string; readonly label: string }) {
  const source = useMemo(() => `data:image/svg+xml,${encodeURIComponent(drawn(text))}`, [text]);
  return <img class="qr" src={source} alt={label} width="236" height="236" />;
}

/** An SVG document; a picture of its own can be kept and sent, as drawn paths cannot. */
function drawn(text: string): string {
  const code = generate(text, { minCorrectionLevel: correction.L, maxCorrectionLevel: correction.Q });
  let path = "";
  for (let y = 0; y < code.size; y += 1) {
    for (let x = 0; x < code.size; x += 1) if (code.get(x, y)) path += `M${x} ${y}h1v1h-1z`;
  }
  const side = code.size + 2 * QUIET;
  const box = `${-QUIET} ${-QUIET} ${side} ${side}`;
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="${box}" width="${8 * side}" height="${8 * side}" shape-rendering="crispEdges">` +
    `<path fill="#fffcf5" d="M${-QUIET} ${-QUIET}h${side}v${side}h-${side}z"/><path fill="#14232b" d="${path}"/></svg>`
  );
}
