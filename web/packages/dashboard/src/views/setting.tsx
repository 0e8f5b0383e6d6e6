/** A line of the settings: what it is, how it is now, and, opened, how to change it. */
import type { ComponentChildren } from "preact";

interface Properties {
  readonly name: string;
  readonly value: string;
  readonly children: ComponentChildren;
}

export function Setting({ name, value, children }: Properties) {
  return (
    <details class="fold setting">
      <summary>
        <span>{name}</span> <span class="setting-value">{value}</span>
      </summary>
      <div class="setting-body">{children}</div>
    </details>
  );
}

interface ChoiceProperties<Value extends string> {
  readonly name: string;
  readonly values: readonly Value[];
  readonly words: Readonly<Record<Value, string>>;
  readonly chosen: Value;
  readonly choose: (value: Value) => void;
}

/** One of a few. */
export function Choice<Value extends string>({ name, values, words, chosen, choose }: ChoiceProperties<Value>) {
  return (
    <fieldset class="switch">
      <legend class="offscreen">{name}</legend>
      {values.map((each) => (
        <label key={each}>
          <input type="radio" name={name} checked={chosen === each} onChange={() => choose(each)} />
          <span>{words[each]}</span>
        </label>
      ))}
    </fieldset>
  );
}

interface SureProperties {
  readonly name: string;
  readonly text: string;
  readonly children: ComponentChildren;
}

/** Something that is asked for twice: what it means is said before it is done. */
export function Sure({ name, text, children }: SureProperties) {
  return (
    <details class="fold">
      <summary>{name}</summary>
      <p class="hint">{text}</p>
      {children}
    </details>
  );
}
