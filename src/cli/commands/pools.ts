/** `pause <pool>` and `resume <pool>`: stops and lets go on the granting of a pool's slots. */
import type { Command } from "commander";
import { withSession } from "../asking.js";
import { addExamples } from "../examples.js";
import { printDocument } from "../printing.js";
import type { Terminal } from "../terminal.js";

export function registerPause(program: Command, terminal: Terminal): void {
  const command = register(program, terminal, "pause", { done: "paused", already: "is paused already" })
    .summary("grant no more slots of a pool")
    .description(
      "Pauses a pool: no job that needs it starts any more, what runs goes on. Jobs that do not need it are not held up.",
    );
  addExamples(command, ["signalbox pause resource:ollama", "signalbox pause global"]);
}

export function registerResume(program: Command, terminal: Terminal): void {
  const command = register(program, terminal, "resume", { done: "resumed", already: "is not paused" })
    .summary("grant slots of a paused pool again")
    .description("Lets a paused pool go on: waiting jobs start as far as there is room, in their order.");
  addExamples(command, ["signalbox resume resource:ollama", "signalbox resume ollama -o json"]);
}

function register(
  program: Command,
  terminal: Terminal,
  verb: "pause" | "resume",
  words: { readonly done: string; readonly already: string },
): Command {
  return program
    .command(verb)
    .argument("<pool>", "global, type:<name>, resource:<tag>, or the name alone where it is clear")
    .action(async (pool: string, _own: unknown, self: Command) => {
      await withSession(self, terminal, async (session, { output }) => {
        const answer = await session.command(verb, { pool });
        printDocument(terminal, output, answer, ({ position }) =>
          position === null ? `${pool} ${words.already}` : `${words.done} ${pool}, recorded at ${position}`,
        );
      });
    });
}
