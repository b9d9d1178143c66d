/** What a newer scheduler says beside its explanation: what has to happen before a job starts, and when that may be. */

export function outlookOf(explanation: object): readonly string[] {
  const said: string[] = [];
  if ("next" in explanation && typeof explanation.next === "string") said.push(explanation.next);
  if ("forecast" in explanation) {
    const { forecast } = explanation;
    if (typeof forecast === "object" && forecast !== null && "text" in forecast && typeof forecast.text === "string")
      said.push(`Start: ${forecast.text}`);
  }
  return said;
}
