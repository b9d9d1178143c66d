/** `pause <pool>` and `resume <pool>`: stops and lets go on the granting of a pool's slots. */
import type { Command } from "commander";
import { withSession } from "../asking.js";
import { addExamples } from "../examples.js";
import { printDocument } from "../printing.js";
import type { Terminal } from "../terminal.js";

export function definePause(command: Command, terminal: Terminal): void {
  command.description(
    "Pauses a pool: no job that needs it starts any more, what runs goes on. Jobs that do not need it are not held up.",
  );
  addPoolVerb(command, terminal, "pause", { done: "paused", already: "is paused already" });
  addExamples(command, ["signalbox pause resource:ollama", "signalbox pause global"]);
}

export function defineResume(command: Command, terminal: Terminal): void {
  command.description("Lets a paused pool go on: waiting jobs start as far as there is room, in their order.");
  addPoolVerb(command, terminal, "resume", { done: "resumed", already: "is not paused" });
  addExamples(command, ["signalbox resume resource:ollama", "signalbox resume ollama -o json"]);
}

function addPoolVerb(
  command: Command,
  terminal: Terminal,
  verb: "pause" | "resume",
  words: { readonly done: string; readonly already: string },
): void {
  command
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
