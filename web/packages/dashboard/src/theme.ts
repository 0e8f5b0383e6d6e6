/** The look: as the system has it, or light, or dark. Kept in this browser. */
import { effect, signal } from "@preact/signals";

export type Theme = "system" | "light" | "dark";

export const THEMES: readonly Theme[] = ["system", "light", "dark"];
/** What each is called. */
export const THEME_WORDS: Readonly<Record<Theme, string>> = { system: "As the system", light: "Light", dark: "Dark" };

const KEY = "wherry.theme";

export const theme = signal<Theme>("system");

/** Read the choice and hold the document to it. */
export function followTheme(storage: Storage | null): () => void {
  const kept = storage?.getItem(KEY);
  theme.value = THEMES.find((each) => each === kept) ?? "system";
  return effect(() => {
    document.documentElement.dataset["theme"] = theme.value;
    storage?.setItem(KEY, theme.value);
  });
}
