/** Comparing the safety number: one sentence, one gesture; and what it means where it differs. */
import { useState } from "preact/hooks";
import { now } from "../clock.ts";
import { useCommand, useEngine } from "../context.ts";
import type { Friend } from "../engine/friends.ts";
import { Icon } from "../ui/icon.tsx";
import { Card, CopyButton, ErrorLine, Line } from "../ui/parts.tsx";
import { groupsOfFive } from "../words/chat.ts";
import { date } from "../words/units.ts";

export function CompareCard({ friend, who }: { readonly friend: Friend; readonly who: string }) {
  const { friends } = useEngine();
  const [digits, setDigits] = useState<string | null>(null);
  const [differs, setDiffers] = useState(false);
  const show = useCommand(friends.safetyNumber, setDigits);
  const compared = useCommand(friends.compared, () => setDigits(null));
  const said = friend.compared === null ? "Not compared" : `Compared on ${date(friend.compared, now.value)}`;
  const answer = (same: boolean): void => {
    setDiffers(!same);
    compared.run(friend.peer, same);
  };
  return (
    <Card
      title={said}
      icon={friend.compared === null ? "lock" : "check"}
      class="compare"
      action={
        digits === null && (
          <button type="button" class="button" disabled={show.busy} onClick={() => show.run(friend.peer)}>
            {friend.compared === null ? "Compare" : "Again"}
          </button>
        )
      }
    >
      {digits === null ? (
        <p class="hint">
          {friend.compared === null
            ? `What you write can be read by whoever holds ${who}'s key. Compare to be sure that this is ${who}.`
            : `The numbers were the same: nobody is in between, and this is ${who}.`}
        </p>
      ) : (
        <>
          <p>Read this to {who} on a call, or hold the two screens side by side.</p>
          <ol class="digits" aria-label="Safety number">
            {groupsOfFive(digits).map(({ at, digits: group }) => (
              <li key={at}>{group}</li>
            ))}
          </ol>
          <div class="row">
            <button type="button" class="button primary" disabled={compared.busy} onClick={() => answer(true)}>
              <Icon name="equal" /> The same
            </button>
            <button type="button" class="button" disabled={compared.busy} onClick={() => answer(false)}>
              They differ
            </button>
            <CopyButton text={groupsOfFive(digits).map((group) => group.digits).join(" ")} label="Copy" class="quiet" />
          </div>
        </>
      )}
      {differs && (
        <Line
          tone="warn"
          role="alert"
          text={`Then this is not the ${who} you are talking to.`}
          hint="Write nothing secret here. Get their link once more, from them in person, and add that."
        />
      )}
      <ErrorLine error={show.error ?? compared.error} who={who} />
    </Card>
  );
}
