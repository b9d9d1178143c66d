/** `group <id>`: how a group gets on, with its members; with --wait stays until all of them have ended. */
import type { Command } from "commander";
import type { GroupListItem, GroupView } from "../../../projections/views/views.js";
import type { Questions } from "../../client/questions.js";
import type { Session } from "../../client/session.js";
import { watchGroup } from "../../client/watch-group.js";
import { anyId, wholeNumber } from "../arguments.js";
import { withQuestions, withSession } from "../asking.js";
import { JOB_COLUMNS } from "../columns.js";
import { addExamples } from "../examples.js";
import { CliFailure } from "../failure.js";
import { listenForInterrupt } from "../interrupt.js";
import type { CommonOptions } from "../options.js";
import { pagesOf } from "../pages.js";
import { printDocument } from "../printing.js";
import { StatusLine } from "../status-line.js";
import { drawPairs } from "../table.js";
import type { Terminal } from "../terminal.js";
import { oneLine } from "../text-width.js";
import { countsText, paintStatus } from "../wording.js";
import { membersTable } from "./job-table.js";

interface GroupOptions extends CommonOptions {
  readonly wait?: true;
  readonly limit?: number;
}

/** On a terminal; in a file or a pipe all members are listed. */
const SHOWN_MEMBERS_DEFAULT = 50;

export function defineGroup(command: Command, terminal: Terminal): void {
  command
    .description(
      "Shows a group: how it stands, how many members are in which state, and the members. It is running while a member has " +
        "not ended; then completed if all completed, cancelled if all were cancelled, else partial. With --wait the command " +
        "stays until it has ended; the exit code is 1 unless it completed. A member that is submitted later opens it again.",
    )
    .argument("<id>", "the group's id", anyId)
    .option("--wait", "wait until all members have ended")
    .option("--limit <n>", `show at most so many members (on a terminal: ${SHOWN_MEMBERS_DEFAULT})`, wholeNumber(1))
    .action(async (id: string, _own: unknown, self: Command) => {
      const options = self.optsWithGlobals<GroupOptions>();
      if (options.wait === true)
        return await withSession(self, terminal, (session) => wait(session, id, options, terminal));
      await withQuestions(self, terminal, async (questions) => void (await show(questions, id, options, terminal)));
    });
  addExamples(command, ["signalbox group book-9", "signalbox group book-9 --wait", "signalbox group book-9 -o json"]);
}

async function show(questions: Questions, id: string, options: GroupOptions, terminal: Terminal): Promise<GroupView> {
  const isCut = options.limit === undefined && terminal.isInteractive && options.output === "table";
  const standings: GroupListItem[] = [];
  const jobs = await pagesOf(
    async (page) => {
      const { jobs: members, ...standing } = await questions.query("group", { id, ...page });
      standings.push(standing);
      return members;
    },
    options.limit ?? (isCut ? SHOWN_MEMBERS_DEFAULT : Number.POSITIVE_INFINITY),
    (job) => job.id,
  );
  const standing = standings.at(-1);
  if (standing === undefined) throw CliFailure.notFound(`there is no group ${id}`);
  const view = { ...standing, jobs };
  const rows = { items: view.jobs, columns: JOB_COLUMNS };
  printDocument(terminal, options.output, view, () => groupText(view, terminal), rows);
  if (isCut && jobs.length < view.total) terminal.err(`${jobs.length} of ${view.total} shown; --limit shows more`);
  return view;
}

async function wait(session: Session, id: string, options: GroupOptions, terminal: Terminal): Promise<void> {
  using interrupt = listenForInterrupt();
  const line = new StatusLine(terminal);
  const ended = await watchGroup(session, id, interrupt.signal, {
    onStanding: (group) => line.show(standingText(group)),
    onNoScheduler: () => terminal.err("no scheduler answers; the group waits until one runs"),
  }).finally(() => line.end());
  if (ended === null) throw interrupt.failure(`no longer waiting; group ${id} goes on: see \`signalbox group ${id}\``);
  await show(session, id, options, terminal);
  if (ended.status === "completed") return;
  const why = ended.reason === null ? "" : `: ${oneLine(ended.reason)}`;
  throw CliFailure.failed(`group ${id} is ${ended.status} (${countsText(ended.counts)})${why}`);
}

function groupText(group: GroupView, terminal: Terminal): string {
  const { id, status, sequential, turn, reason, jobs } = group;
  const head = drawPairs(
    [
      ["group", id],
      ["status", paintStatus(terminal.colors, status, status)],
      ["members", standingText(group)],
      ["run", sequential ? "one after the other, in their order" : "side by side"],
      ["turn", turn],
      ["reason", reason === null ? null : oneLine(reason)],
    ],
    terminal,
  );
  return jobs.length === 0 ? head : `${head}\n\n${membersTable(jobs, sequential, terminal)}`;
}

const standingText = ({ ended, total, counts }: GroupListItem): string =>
  `${ended} of ${total} ended: ${countsText(counts)}`;
