/** The one error of this package: a stable code, and words for people that name what was wrong and what to do. */

import { ERRORS, type ErrorCode, type ErrorKind } from "./error-table.ts";
import type { ErrorInfo } from "./types.ts";

export interface ErrorOptions {
  /** What to do, where it differs from the code's own hint. */
  readonly hint?: string;
  /** Whom it is about, as an id in text. */
  readonly peer?: string;
  /** The application's number, of STREAM_RESET. */
  readonly reason?: number;
  readonly cause?: unknown;
}

export class WherryError extends Error {
  override readonly name = "WherryError";
  readonly code: ErrorCode;
  readonly detail: string;
  readonly hint: string;
  readonly peer: string | null;
  readonly reason: number;

  constructor(code: ErrorCode, detail = "", options: ErrorOptions = {}) {
    const { text, hint } = ERRORS[code];
    super(sentence(detail === "" ? text : `${text}: ${detail}`), { cause: options.cause });
    this.code = code;
    this.detail = detail;
    this.hint = options.hint ?? hint;
    this.peer = options.peer ?? null;
    this.reason = options.reason ?? 0;
  }

  get kind(): ErrorKind {
    return ERRORS[this.code];
  }

  /** As data, for snapshots and other tabs. */
  get info(): ErrorInfo {
    return { code: this.code, side: this.kind.side, message: this.message, hint: this.hint, peer: this.peer };
  }

  /** What the command line prints: `what: why. do.` */
  override toString(): string {
    return `${this.message} ${this.hint}`.trimEnd();
  }

  /** Whether `error` is a WherryError, of one of `codes` if any are given. */
  static is(error: unknown, ...codes: readonly ErrorCode[]): error is WherryError {
    return error instanceof WherryError && (codes.length === 0 || codes.includes(error.code));
  }

  /** `error` itself if it is one of ours; a bug or a browser's exception becomes `fallback`, with its cause kept. */
  static from(error: unknown, fallback: ErrorCode = "FAILED"): WherryError {
    if (error instanceof WherryError) return error;
    return new WherryError(fallback, error instanceof Error ? error.message : "", { cause: error });
  }

  /** An error that another tab told about. */
  static ofInfo(info: ErrorInfo): WherryError {
    const code = Object.hasOwn(ERRORS, info.code) ? (info.code as ErrorCode) : "FAILED";
    const { text } = ERRORS[code];
    const detail = info.message.startsWith(`${text}: `) ? info.message.slice(text.length + 2) : "";
    return new WherryError(code, detail.replace(/\.$/, ""), {
      hint: info.hint,
      ...(info.peer === null ? {} : { peer: info.peer }),
    });
  }
}

/** The code whose number `wire` is, if it is any's. */
export function codeOfWire(wire: number): ErrorCode | null {
  for (const [code, kind] of Object.entries(ERRORS) as [ErrorCode, ErrorKind][]) if (kind.wire === wire) return code;
  return null;
}

function sentence(text: string): string {
  return `${text.replace(/\.+$/, "")}.`;
}
