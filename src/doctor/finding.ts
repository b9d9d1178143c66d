/** What one check found. */
export interface Finding {
  /** What was looked at, in a word or two. */
  readonly check: string;
  /** `problem`: something that is configured cannot work. `warning`: it works, and one should know. */
  readonly level: "ok" | "warning" | "problem";
  readonly text: string;
  /** What to do about it. */
  readonly hint?: string;
}

export const ok = (check: string, text: string): Finding => ({ check, level: "ok", text });
export const warning = (check: string, text: string, hint?: string): Finding => finding(check, "warning", text, hint);
export const problem = (check: string, text: string, hint?: string): Finding => finding(check, "problem", text, hint);

function finding(check: string, level: Finding["level"], text: string, hint: string | undefined): Finding {
  return { check, level, text, ...(hint === undefined ? {} : { hint }) };
}
