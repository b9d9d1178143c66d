/** What went wrong, in a sentence that is read out too. */
import type { JSX } from "preact";

export function Problem({ text }: { text: string | null }): JSX.Element | null {
  return text === null ? null : (
    <p class="problem" role="alert">
      <span aria-hidden="true">⚠ </span>
      {text}
    </p>
  );
}
