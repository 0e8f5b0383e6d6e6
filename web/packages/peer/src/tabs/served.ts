/** What a page serves, under names: as long as its tab leads, and again when it leads later. */

/** Begins to serve with the engine of a tab that leads; returns how to stop that. */
type Begin<Engine> = (engine: Engine) => () => void;

export class Served<Engine> {
  readonly #all = new Map<string, { readonly begin: Begin<Engine>; stop: () => void }>();
  #engine: Engine | null = null;

  /**
   * Serve one thing; returns how to stop that.
   * @throws RangeError if it is served already.
   */
  add(what: string, begin: Begin<Engine>): () => void {
    if (this.#all.has(what)) throw new RangeError(`the ${what} is served already`);
    const one = { begin, stop: this.#engine === null ? nothing : begin(this.#engine) };
    this.#all.set(what, one);
    return () => {
      one.stop();
      one.stop = nothing;
      if (this.#all.get(what) === one) this.#all.delete(what);
    };
  }

  /** This tab leads, with a new engine. */
  lead(engine: Engine): void {
    this.#engine = engine;
    for (const one of this.#all.values()) one.stop = one.begin(engine);
  }

  /** It does no more. */
  follow(): void {
    this.#engine = null;
    for (const one of this.#all.values()) one.stop = nothing;
  }
}

function nothing(): void {
  return;
}
