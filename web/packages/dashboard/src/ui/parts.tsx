/** Small things that every view uses. */
import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import { copy } from "../clipboard.ts";
import type { ErrorInfo } from "../engine/engine.ts";
import { because } from "../words/because.ts";
import { Icon, type IconName } from "./icon.tsx";

interface CardProperties {
  readonly title: string;
  readonly children: ComponentChildren;
  readonly icon?: IconName;
  readonly class?: string;
  /** Something at the right end of the title's line. */
  readonly action?: ComponentChildren;
}

export function Card({ title, children, icon, class: more = "", action }: CardProperties) {
  return (
    <section class={`card ${more}`}>
      <header class="card-head">
        {icon !== undefined && <Icon name={icon} />}
        <h2>{title}</h2>
        {action}
      </header>
      {children}
    </section>
  );
}

interface CopyProperties {
  readonly text: string;
  readonly label: string;
  readonly class?: string;
}

/** Copies, and says for a moment that it has. */
export function CopyButton({ text, label, class: more = "" }: CopyProperties) {
  const [said, setSaid] = useState<"" | "Copied" | "Could not copy">("");
  useEffect(() => {
    if (said === "") return undefined;
    const timer = setTimeout(() => setSaid(""), 2500);
    return () => clearTimeout(timer);
  }, [said]);
  const run = (): void => void copy(text).then((copied) => setSaid(copied ? "Copied" : "Could not copy"));
  return (
    <button type="button" class={`button ${more}`} onClick={run}>
      <Icon name={said === "Copied" ? "check" : "copy"} />
      <span aria-live="polite">{said === "" ? label : said}</span>
    </button>
  );
}

/** What went wrong, why, and what to do: never an alert box. */
export function ErrorLine({ error, who }: { readonly error: ErrorInfo | null; readonly who: string }) {
  if (error === null) return null;
  const { sentence, advice } = because(error, who);
  return <Line tone="warn" text={sentence} hint={advice} role="alert" />;
}

interface LineProperties {
  readonly tone: "calm" | "warn";
  readonly text: string;
  readonly hint?: string;
  readonly role?: "alert" | "status";
  readonly children?: ComponentChildren;
}

/** A line about something, with its next step; calm or warning, told apart by icon too. */
export function Line({ tone, text, hint = "", role, children }: LineProperties) {
  return (
    <div class={`line line-${tone}`} {...(role === undefined ? {} : { role })}>
      <Icon name={tone === "warn" ? "warn" : "info"} />
      <p>
        <strong>{text}</strong> {hint}
      </p>
      {children}
    </div>
  );
}

/** A row of a list of facts; not shown at all where nothing is known. */
export function Fact({ name, children }: { readonly name: string; readonly children: ComponentChildren }) {
  if (children === null || children === undefined || children === "") return null;
  return (
    <div class="fact">
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
