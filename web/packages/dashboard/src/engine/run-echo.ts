/** A stream on which every line that is typed comes back. */
import { WherryError, type Peer, type PeerStream } from "@wherry/peer";
import type { EchoLine, EchoRun } from "./trials.ts";

/** Served by every peer, for anyone, within limits. */
export const ECHO = "/wherry/echo/1";

/** Lines that stay in sight. */
const KEPT = 20;

export class Echo {
  readonly #show: (run: EchoRun) => void;
  readonly #clock: () => number;
  #run: EchoRun = { stream: "opening", lines: [], error: null };
  #stream: PeerStream | null = null;
  /** When each line that is under way was sent, the oldest first. */
  #sent: { n: number; at: number }[] = [];
  #next = 1;

  constructor(show: (run: EchoRun) => void, clock: () => number) {
    this.#show = show;
    this.#clock = clock;
  }

  /** Open the stream, and read what comes back until it ends. */
  async open(peer: Pick<Peer, "openStream">, id: string): Promise<void> {
    this.#set({});
    const stream = await peer.openStream(id, ECHO);
    this.#stream = stream;
    this.#set({ stream: "open" });
    void this.#read(stream);
  }

  get isOpen(): boolean {
    return this.#run.stream === "open";
  }

  async send(text: string): Promise<void> {
    const line: EchoLine = { n: this.#next, text: text.replaceAll("\n", " "), backMs: null };
    this.#next += 1;
    this.#sent.push({ n: line.n, at: this.#clock() });
    this.#set({ lines: [...this.#run.lines, line].slice(-KEPT) });
    await this.#stream?.write(new TextEncoder().encode(`${line.text}\n`));
  }

  async close(): Promise<void> {
    await this.#stream?.finish();
  }

  /** Say why it is over. */
  fail(error: unknown): void {
    this.#set({ stream: "closed", error: WherryError.from(error).info });
  }

  async #read(stream: PeerStream): Promise<void> {
    const decoder = new TextDecoder();
    let rest = "";
    try {
      for await (const chunk of stream) {
        rest += decoder.decode(chunk, { stream: true });
        const lines = rest.split("\n");
        rest = lines.pop() ?? "";
        for (const line of lines) this.#back(line);
      }
      this.#set({ stream: "closed" });
    } catch (error) {
      this.fail(error);
    }
  }

  /** A line has come back: it is the oldest under way, or the other side does not echo. */
  #back(text: string): void {
    const first = this.#sent.shift();
    if (first === undefined) return;
    const backMs = this.#clock() - first.at;
    this.#set({
      lines: this.#run.lines.map((line) => (line.n === first.n && line.text === text ? { ...line, backMs } : line)),
    });
  }

  #set(change: Partial<EchoRun>): void {
    this.#run = { ...this.#run, ...change };
    this.#show(this.#run);
  }
}
