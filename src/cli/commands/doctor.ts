/** `signalbox doctor`: one line a check, and exit code 1 if something that is configured cannot work. */
import type { Command } from "commander";
import { examine, type Finding } from "../../doctor/index.js";
import { addExamples } from "../examples.js";
import { CliFailure } from "../failure.js";
import { type CommonOptions, commonOptionsOf } from "../options.js";
import { takesNoRows } from "../printing.js";
import type { Colors, Terminal } from "../terminal.js";

export function defineDoctor(command: Command, terminal: Terminal): void {
  takesNoRows(command);
  command
    .description(
      "Looks at everything that a scheduler needs, and changes nothing: Node.js, the configuration, the programs and\n" +
        "models of the job types, the NATS server, what these credentials may do there, and who leads.",
    )
    .action((_options: unknown, command: Command) => doctor(commonOptionsOf(command), terminal));
  addExamples(command, ["signalbox doctor", "signalbox doctor --nats nats://127.0.0.1:4222 -o json"]);
}

async function doctor(options: CommonOptions, terminal: Terminal): Promise<void> {
  const { nats, context, creds, config, namespace, output } = options;
  const findings: Finding[] = [];
  for await (const finding of examine({
    nats,
    context,
    creds,
    config,
    namespace,
    env: terminal.env,
    cwd: terminal.cwd,
  })) {
    findings.push(finding);
    if (output === "table") for (const line of linesOf(finding, terminal.colors)) terminal.out(line);
    if (output === "jsonl") terminal.out(JSON.stringify(finding));
  }
  const problems = findings.filter(({ level }) => level === "problem").length;
  if (output === "json") terminal.out(JSON.stringify({ ok: problems === 0, checks: findings }));
  if (problems > 0) throw CliFailure.failed(`${problems === 1 ? "one check" : `${problems} checks`} failed`);
}

const CHECK_COLUMNS = "configuration".length;

function linesOf({ check, level, text, hint }: Finding, colors: Colors): string[] {
  const marks = { ok: colors.green("✓"), warning: colors.yellow("!"), problem: colors.red("✗") };
  const indent = " ".repeat(CHECK_COLUMNS + "✓  ".length + 1);
  return [
    `${marks[level]} ${check.padEnd(CHECK_COLUMNS)}  ${text.replaceAll("\n", `\n${indent}`)}`,
    ...(hint === undefined ? [] : [`${indent}${colors.dim(hint)}`]),
  ];
}
