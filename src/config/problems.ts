/** What is wrong in a configuration, and where: for programs as a value, for people as one line each. */

/** One thing that is wrong (or, among warnings, worth knowing). */
export interface ConfigurationProblem {
  /** Where it was given: a file, an environment variable or an option of the command line. */
  readonly source: string;
  /** Line and column in the file, both from 1; null where there is no file or no such place. */
  readonly line: number | null;
  readonly column: number | null;
  /** The offending key, its parts joined by dots: `types.story.model`; empty when the whole is meant. */
  readonly path: string;
  readonly message: string;
  /** What was probably meant. */
  readonly suggestion?: string;
  readonly allowed?: readonly string[];
}

/** The configuration cannot be used. Nothing was started. */
export interface ConfigurationRefusal {
  readonly kind: "refused";
  readonly problems: readonly ConfigurationProblem[];
}

/** More than this at once helps nobody; the rest is counted. */
export const problemsMax = 20;
/** Of a long list of allowed values only the first are shown. */
const allowedShownMax = 30;

/** One line per problem: `signalbox.yaml:12:5 types.story.modell: unknown key; did you mean model? allowed: …`. No colours. */
export function describeProblems(problems: readonly ConfigurationProblem[]): string {
  return problems.map(describeProblem).join("\n");
}

/** A refusal with the first problems in the order of the file, and a last one that counts those left out. */
export function refuse(problems: readonly ConfigurationProblem[]): ConfigurationRefusal {
  const sorted = inFileOrder(problems);
  const shown = sorted.slice(0, problemsMax);
  const more = sorted.length - shown.length;
  if (more > 0) shown.push({ ...problemIn(shown[0]?.source ?? ""), message: `and ${more} more, not shown` });
  return { kind: "refused", problems: shown };
}

/** A problem of a whole source; the caller adds the message. */
export function problemIn(source: string): Omit<ConfigurationProblem, "message"> {
  return { source, line: null, column: null, path: "" };
}

export function inFileOrder(problems: readonly ConfigurationProblem[]): ConfigurationProblem[] {
  return [...problems].sort((a, b) => (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0));
}

function describeProblem(problem: ConfigurationProblem): string {
  const place = problem.line === null ? problem.source : `${problem.source}:${problem.line}:${problem.column ?? 1}`;
  const head = problem.path === "" ? place : `${place} ${problem.path}`;
  const meant = problem.suggestion === undefined ? "" : `; did you mean ${problem.suggestion}?`;
  const line = `${head}: ${problem.message}${meant}${describeAllowed(problem, meant === "" ? ";" : "")}`;
  // A key of the file may hold control characters; they would break the line, or steer the terminal.
  return line.replaceAll(/\p{Cc}/gu, "\uFFFD");
}

function describeAllowed({ allowed }: ConfigurationProblem, separator: string): string {
  if (allowed === undefined) return "";
  if (allowed.length === 0) return `${separator} allowed: none`;
  const more = allowed.length - allowedShownMax;
  const shown = allowed.slice(0, allowedShownMax).join(", ");
  return `${separator} allowed: ${shown}${more > 0 ? ` and ${more} more` : ""}`;
}
