/** What people write, as it may be shown: nothing in it turns around or hides what stands beside it. */

const FIRST_LETTER = /\p{L}/u;
const RIGHT_TO_LEFT = /[\p{Script=Arabic}\p{Script=Hebrew}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}]/u;

/** Which way a text is read: as its first letter is, which is what `dir=auto` goes by. */
export const directionOf = (text: string): "ltr" | "rtl" =>
  RIGHT_TO_LEFT.test(FIRST_LETTER.exec(text)?.[0] ?? "") ? "rtl" : "ltr";

/** However a line ends, also where a terminal or a word processor wrote it. */
const LINE_END = /\r\n?|[\u0085\u2028\u2029]/gu;

/** Control characters, and those that embed, override or isolate a direction: an address could be made to read backwards. */
const TURNING = /(?![\n\t])\p{Cc}|[\u202A-\u202E\u2066-\u2069]/gu;

/** Marks that put a full stop or a bracket on its side; they have something to do only where there is right-to-left text. */
const MARKS = /[\u061C\u200E\u200F]/gu;

/**
 * A text of several lines as it may be shown. What joins the parts of an emoji, or parts the letters of Persian, stays;
 * so does every letter. A name is one line: `tidyName`.
 */
export function tidyText(text: string): string {
  const seen = text.replaceAll(LINE_END, "\n").replaceAll(TURNING, "");
  const unmarked = seen.replaceAll(MARKS, "");
  return RIGHT_TO_LEFT.test(unmarked) ? seen : unmarked;
}
