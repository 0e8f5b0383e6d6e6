import type { ErrorInfo } from "../engine/engine.ts";
import { Wordmark } from "../ui/logo.tsx";
import { because } from "../words/because.ts";

/** When no peer can run here at all: what is wrong, and one button. */
export function Failure({ error }: { readonly error: ErrorInfo }) {
  const { sentence, advice } = because(error, "Wherry");
  return (
    <main class="failure">
      <Wordmark />
      <h1>Wherry cannot start here</h1>
      <p role="alert">
        {sentence} {advice}
      </p>
      <button type="button" class="button primary" onClick={() => location.reload()}>
        Try again
      </button>
    </main>
  );
}
