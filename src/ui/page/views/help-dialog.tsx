/** The list of keys, and what the shapes mean. */
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { JOB_STATES } from "../../../../events/states.js";
import { StateMark } from "../parts/state-mark.js";
import { KEYS } from "../state/keys.js";
import { useSession } from "../state/session.js";

export function HelpDialog(): JSX.Element {
  const { isHelpOpen, meta } = useSession();
  const dialog = useRef<HTMLDialogElement>(null);
  const isOpen = isHelpOpen.value;
  useEffect(() => {
    if (isOpen) dialog.current?.showModal();
    else dialog.current?.close();
  }, [isOpen]);
  const close = (): void => {
    isHelpOpen.value = false;
  };
  return (
    <dialog ref={dialog} class="help" aria-labelledby="help-title" onClose={close}>
      <h2 id="help-title">Keys</h2>
      <dl>
        {KEYS.map(([key, what]) => (
          <div key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
      <h2>States</h2>
      <ul class="legend">
        {JOB_STATES.map((state) => (
          <li key={state}>
            <StateMark state={state} isNamed />
          </li>
        ))}
      </ul>
      <p class="quiet">
        signalbox {meta.version}. Everything here is folded from the ledger; nothing is counted by the page.
      </p>
      <button type="button" class="button" onClick={close}>
        Close
      </button>
    </dialog>
  );
}
