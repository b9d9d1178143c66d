/** What the next word of a command line may be. */
import type { Command, Option } from "commander";
import { JOB_STATES, TERMINAL_STATES } from "../../../events/states.js";
import { JOB_SORT_FIELDS } from "../../api/job-sort.js";
import { optionCalled, type Place, placeAfter, splitOption } from "./place.js";
import { FILES } from "./scripts.js";

export interface Candidate {
  readonly value: string;
  /** What shells that show such a thing say of it. */
  readonly text?: string;
}

/** What only a scheduler, or the configuration, can tell. */
export type Wanted =
  | { readonly kind: "jobs"; readonly states: readonly string[] | null }
  | { readonly kind: "groups" | "pools" | "resources" | "types" | "templates" | "schedules" };

/** Asks for it, with the options that were given before. Never throws: who knows nothing gives nothing. */
export type Ask = (wanted: Wanted, given: Place["given"]) => Promise<readonly Candidate[]>;

/** The last of `words` is the one that is completed; it may be empty. */
export async function complete(program: Command, words: readonly string[], ask: Ask): Promise<readonly Candidate[]> {
  const current = words.at(-1) ?? "";
  const place = await placeAfter(program, words.slice(0, -1));
  const candidates = await candidatesAt(place, current, ask);
  return candidates.filter(({ value }) => value === FILES || value.startsWith(current));
}

async function candidatesAt(place: Place, current: string, ask: Ask): Promise<readonly Candidate[]> {
  const { path, command, option, operands, isBehindDashes, given } = place;
  if (option !== null) return await valuesOf(option, given, ask);
  if (!isBehindDashes && current.startsWith("-")) {
    const [name = "", value] = splitOption(current);
    if (value === undefined) return optionsOf(path);
    const named = optionCalled(path, name);
    const values = named === null ? [] : await valuesOf(named, given, ask);
    return values.map((one) => (one.value === FILES ? one : { ...one, value: `${name}=${one.value}` }));
  }
  const commands = operands === 0 && !isBehindDashes ? command.createHelp().visibleCommands(command) : [];
  const named = commands.map((one) => ({ value: one.name(), text: one.summary() }));
  return [...named, ...(await argumentsOf(place, ask))];
}

function optionsOf(path: readonly Command[]): readonly Candidate[] {
  const options = path.toReversed().flatMap((command) => command.createHelp().visibleOptions(command));
  const named = new Map(options.map(({ long, short, description }) => [long ?? short ?? "", description]));
  return [...named].map(([value, text]) => ({ value, text }));
}

/** What an option's value is, by its name in code. */
const OPTION_VALUES: Readonly<Record<string, Wanted | readonly string[]>> = {
  state: JOB_STATES,
  sort: JOB_SORT_FIELDS.flatMap((field) => [field, `${field}:desc`]),
  type: { kind: "types" },
  pool: { kind: "pools" },
  group: { kind: "groups" },
  template: { kind: "templates" },
  resource: { kind: "resources" },
  before: { kind: "jobs", states: ["queued"] },
  after: { kind: "jobs", states: ["queued"] },
};

async function valuesOf(option: Option, given: Place["given"], ask: Ask): Promise<readonly Candidate[]> {
  if (/<(file|build|folder)>/.test(option.flags)) return [{ value: FILES }];
  const values = option.argChoices ?? OPTION_VALUES[option.attributeName()] ?? [];
  if ("kind" in values) return await ask(values, given);
  return values.map((value) => ({ value }));
}

const NOT_ENDED = JOB_STATES.filter((state) => !TERMINAL_STATES.some((terminal) => terminal === state));

/** Which jobs a command is about. */
const JOBS_OF: Readonly<Record<string, readonly string[]>> = {
  cancel: NOT_ENDED,
  retry: TERMINAL_STATES,
  amend: ["queued", "scheduled"],
  move: ["queued"],
};

async function argumentsOf(
  { command, operands, isBehindDashes, given }: Place,
  ask: Ask,
): Promise<readonly Candidate[]> {
  const { registeredArguments } = command;
  const last = registeredArguments.at(-1);
  const argument = registeredArguments[operands] ?? (last?.variadic === true ? last : undefined);
  if (argument === undefined) return [];
  if (argument.argChoices !== undefined) return argument.argChoices.map((value) => ({ value }));
  switch (argument.name()) {
    case "id":
      if (command.name() === "group") return await ask({ kind: "groups" }, given);
      return await ask({ kind: "jobs", states: JOBS_OF[command.name()] ?? null }, given);
    case "pool":
      return await ask({ kind: "pools" }, given);
    case "type":
      return await ask({ kind: "types" }, given);
    case "name":
      return command.parent?.name() === "schedule" ? await ask({ kind: "schedules" }, given) : [];
    case "file":
      return [{ value: FILES }];
    case "argv":
      return isBehindDashes ? [{ value: FILES }] : [];
    default:
      return [];
  }
}
