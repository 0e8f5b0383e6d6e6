/** Whether one is told of messages, and how much is shown then. */
import { canNotify, chooseNotify, notifyChoice, turnOn } from "../notify.ts";
import { Setting } from "./setting.tsx";

export function NotifySetting() {
  const { on, text } = notifyChoice.value;
  const can = canNotify();
  return (
    <Setting name="Notifications" value={!can ? "Not possible here" : on ? "On" : "Off"}>
      {can ? (
        <>
          <p class="hint">
            {on ? "You are told of messages while this page is open in the background." : "Nothing is shown while this page is in the background."}
          </p>
          <button type="button" class="button" onClick={() => (on ? chooseNotify({ on: false, asked: true }) : void turnOn())}>
            {on ? "Turn off" : "Turn on"}
          </button>
          {on && (
            <label class="check">
              <input type="checkbox" checked={text} onChange={(event) => chooseNotify({ text: event.currentTarget.checked })} />
              <span>Show what was written, not only who wrote</span>
            </label>
          )}
        </>
      ) : (
        <p class="hint">
          {globalThis.isSecureContext
            ? "This browser does not show any for this page. Allow them in the browser's own settings for it."
            : "Browsers show them only for pages that come by https, or from this computer."}
        </p>
      )}
    </Setting>
  );
}
