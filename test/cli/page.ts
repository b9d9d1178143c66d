/**
 * The page about the command line, docs/cli.md, from the program itself: the help text of each command, and what questions answer on
 * a golden ledger. `npm run docs:cli` writes it.
 */
import type { Command } from "commander";
import picocolors from "picocolors";
import { defineCommand } from "../../src/cli/command-entry.js";
import { reportFailure } from "../../src/cli/failure.js";
import { buildProgram } from "../../src/cli/program.js";
import { createTerminal, type Terminal } from "../../src/cli/terminal.js";

const LEDGER = "test/golden/format-1.jsonl";
/** The clock stands still at a time soon after the ledger's last entry, so that what is so long ago stays so long ago. */
const NOW = "2026-01-01T01:15:00.000Z";

/** What is asked, by command. `--log` is added to each. */
const ASKED: Readonly<Record<string, readonly string[]>> = {
  jobs: ["jobs --limit 8", "jobs --state completed --pool gpu --sort finishedAt:desc --limit 3 -o csv"],
  job: ["job paused"],
  groups: ["groups", "groups --limit 1 -o yaml"],
  group: ["group book-3"],
  queue: ["queue", "queue --pool cpu --limit 1 -o json"],
  slots: ["slots", "slots --at 20 -o csv"],
  reservations: ["reservations"],
  explain: ["explain queued", "explain j40", "explain --pool cpu"],
  workers: ["workers"],
  health: ["health"],
  "schedule ls": ["schedule ls"],
  limits: ["limits", "limits --at 5 -o csv"],
  "log tail": ["log tail -n 8"],
  "log verify": ["log verify", "log verify -o json"],
  audit: ["audit"],
  whatif: ["whatif --limits resources.gpu=2"],
};

const HEAD = `# The command line

This page is written by the program: its help texts, and what it answers about the ledger in \`${LEDGER}\` at ${NOW}.
\`npm run docs:cli\` writes it anew; a test compares.

Results go to standard output, everything else to standard error. The exit code is 0 if it is done, 1 if it failed, 2 if the command
line or the configuration is wrong, 3 if what was asked for is not there, 4 if a verification found a difference.

`;

/** From the root of the project. */
export async function cliPage(): Promise<string> {
  const told: string[] = [];
  const terminal = plainTerminal((text) => void told.push(text));
  const run = async (words: readonly string[]): Promise<string> => {
    told.length = 0;
    const program = buildProgram(terminal);
    try {
      await program.parseAsync(words, { from: "user" });
    } catch (error) {
      // Help is an end of the program, too, and says nothing more.
      if (!isHelp(error)) reportFailure(error, terminal);
    }
    return told.join("").trimEnd();
  };
  const sections = [section("", await run(["--help"]))];
  const clock = Date.now;
  Date.now = () => Date.parse(NOW);
  try {
    for (const path of await pathsOf(buildProgram(terminal))) {
      const name = path.join(" ");
      const answers: string[] = [];
      for (const line of ASKED[name] ?? []) {
        const words = [...line.split(" "), "--log", LEDGER];
        answers.push(`$ signalbox ${words.join(" ")}\n${await run(words)}`);
      }
      const help = withoutCommonOptions(await run([...path.slice(0, -1), "help", ...path.slice(-1)]));
      sections.push(section(name, help, answers));
    }
  } finally {
    Date.now = clock;
  }
  return HEAD + sections.join("\n");
}

function section(name: string, help: string, answers: readonly string[] = []): string {
  const blocks = answers.map((answer) => `\n\`\`\`console\n${answer}\n\`\`\`\n`);
  return `## \`${`signalbox ${name}`.trim()}\`\n\n\`\`\`text\n${help}\n\`\`\`\n${blocks.join("")}`;
}

/** The names of all commands, and of those within them, in the program's order. */
async function pathsOf(command: Command, above: readonly string[] = []): Promise<string[][]> {
  const paths: string[][] = [];
  for (const own of command.commands.filter((one) => one.name() !== "help")) {
    await defineCommand(own);
    const path = [...above, own.name()];
    paths.push(path, ...(await pathsOf(own, path)));
  }
  return paths;
}

/** They are told once, at the beginning of the page. */
const withoutCommonOptions = (help: string): string => help.replace(/\nGlobal Options:\n(?: .*\n)+/, "");

function isHelp(error: unknown): boolean {
  return error instanceof Error && "exitCode" in error && error.exitCode === 0;
}

/** A terminal that is none: no colours, no width, nothing in its environment; both streams come together. */
function plainTerminal(tell: (text: string) => void): Terminal {
  const colors = picocolors.createColors(false);
  return {
    ...createTerminal(process),
    out: (text) => tell(`${text}\n`),
    err: (text) => tell(`${text}\n`),
    write: tell,
    writeAll: async (text) => tell(text),
    writeErr: tell,
    env: {},
    isInteractive: false,
    isErrInteractive: false,
    ...{ colors, errColors: colors, width: Number.POSITIVE_INFINITY, errWidth: Number.POSITIVE_INFINITY },
  };
}
