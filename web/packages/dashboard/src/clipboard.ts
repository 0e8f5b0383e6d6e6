/** Copying and sharing, also where the page is no secure context (`http://192.168.…`) and the newer ways are missing. */

/** Put `text` on the clipboard; false if the browser refuses. */
export async function copy(text: string): Promise<boolean> {
  if (window.isSecureContext) {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      // the page may not have the focus, or the permission: the older way may still work
    }
  }
  const field = document.createElement("textarea");
  field.value = text;
  field.readOnly = true;
  field.className = "offscreen";
  document.body.append(field);
  const focused = document.activeElement;
  field.select();
  const copied = document.execCommand("copy");
  field.remove();
  if (focused instanceof HTMLElement) focused.focus();
  return copied;
}

/** Whether the system has a way to share links. */
export const canShare = (): boolean => typeof navigator.share === "function";

/** Open the system's share sheet; closing it again is no error. */
export async function share(title: string, text: string): Promise<void> {
  try {
    await navigator.share({ title, text });
  } catch (error) {
    if (!(error instanceof DOMException)) throw error;
  }
}

/** Offer a text, or whatever a blob is, as a file to save. */
export function save(name: string, what: string | Blob): void {
  const url = URL.createObjectURL(typeof what === "string" ? new Blob([what], { type: "text/plain" }) : what);
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000); // the download has begun by then
}
