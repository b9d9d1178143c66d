/** `limits`: the capacities in force, and changing them while everything runs. */
import type { Command } from "commander";
import type { LimitsView } from "../../../projections/views/views.js";
import type { Questions } from "../../client/questions.js";
import { LIMITS_FORMS, parseLimitAssignments } from "../../config/limits-keys.js";
import { describeProblems } from "../../config/problems.js";
import { withSession } from "../asking.js";
import { addExamples } from "../examples.js";
import { CliFailure } from "../failure.js";
import { printDocument } from "../printing.js";
import { drawPairs } from "../table.js";
import type { Terminal } from "../terminal.js";
import { addWatch, type ShowOptions, showAnswer } from "../watching.js";

export function defineLimits(command: Command, terminal: Terminal): void {
  command.description(
    "Shows the limits in force, or changes some of them. A change holds from the next decision on; what runs goes on running.",
  );
  addExamples(command, ["signalbox limits", "signalbox limits set resources.ollama=2 types.story=none"]);

  const get = command
    .command("get", { isDefault: true })
    .summary("show the limits in force")
    .description("Shows the limits in force, written as `limits set` takes them.")
    .action((_own: unknown, self: Command) => showAnswer(self, terminal, showLimits));
  addWatch(get);
  addExamples(get, ["signalbox limits get", "signalbox limits get --watch", "signalbox limits get --at 812 -o json"]);

  const set = command
    .command("set")
    .summary("change limits")
    .description(
      "Changes the limits that are named; the others stay. The answer comes when the change is in the ledger. Where the\n" +
        "configuration file gives limits, they hold again after the next start.",
    )
    .argument("<assignments...>", LIMITS_FORMS.join(", "))
    .action(async (assignments: readonly string[], _own: unknown, self: Command) => {
      const parsed = parseLimitAssignments(assignments, "limits set");
      if (parsed.kind === "refused") throw CliFailure.usage(describeProblems(parsed.problems));
      await withSession(self, terminal, async (session, { output }) => {
        const answer = await session.command("limits", { set: parsed.change });
        printDocument(terminal, output, answer, ({ position }) =>
          position === null ? "the limits are so already" : `limits changed, recorded at ${position}`,
        );
      });
    });
  addExamples(set, ["signalbox limits set global=4", "signalbox limits set resources.ollama=2 types.story=none"]);
}

async function showLimits(questions: Questions, { output }: ShowOptions, terminal: Terminal): Promise<void> {
  const view = await questions.query("limits");
  const items = assignmentsOf(view).map(([limit, value]) => ({ limit, value }));
  const rows = { items, columns: ["limit", "value"] };
  printDocument(terminal, output, view, () => limitsText(view, terminal), rows);
}

/** As `limits set` takes them. */
function assignmentsOf({ limits }: LimitsView): readonly (readonly [name: string, value: number])[] {
  const { global, maxOvertakes, types = {}, resources = {} } = limits;
  const named = (group: string, caps: Readonly<Record<string, number | undefined>>) =>
    Object.entries(caps).map(([name, cap]) => [group === "" ? name : `${group}.${name}`, cap] as const);
  return [
    ...named("", { global }),
    ...named("types", types),
    ...named("resources", resources),
    ...named("", { maxOvertakes }),
  ].flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const]));
}

function limitsText(view: LimitsView, terminal: Terminal): string {
  const { isDefault } = view;
  const lines = assignmentsOf(view).map(([name, value]) => [name, String(value)] as const);
  const text = drawPairs(lines, terminal) || "no limits: every job starts at once";
  return isDefault ? `${text}\n${terminal.colors.dim("nobody has set limits; this is the default")}` : text;
}
