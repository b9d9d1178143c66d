/** All commands. A new one is one more entry here, and a file in `commands/`, which is loaded when it is called. */
import type { CommandEntry } from "./command-entry.js";

/** In the order of the help text: first what begins, then what asks, then what changes, then the log. */
export const COMMANDS: readonly CommandEntry[] = [
  {
    name: "up",
    summary: "run a scheduler here until a signal",
    load: async () => (await import("./commands/up.js")).defineUp,
  },
  {
    name: "demo",
    summary: "the whole loop on sample jobs, in a minute",
    load: async () => (await import("./commands/demo.js")).defineDemo,
  },
  {
    name: "worker",
    summary: "run jobs of some types in a process of its own",
    load: async () => (await import("./commands/worker.js")).defineWorker,
  },
  {
    name: "submit",
    summary: "submit a job",
    load: async () => (await import("./commands/submit.js")).defineSubmit,
  },
  {
    name: "run",
    summary: "run a command as soon as its slots are free, ahead of the queue",
    load: async () => (await import("./commands/run.js")).defineRun,
  },
  {
    name: "jobs",
    summary: "list jobs",
    load: async () => (await import("./commands/jobs.js")).defineJobs,
  },
  {
    name: "job",
    summary: "show one job",
    load: async () => (await import("./commands/job.js")).defineJob,
  },
  {
    name: "groups",
    summary: "list groups of jobs",
    load: async () => (await import("./commands/groups.js")).defineGroups,
  },
  {
    name: "group",
    summary: "show a group of jobs, or wait for its end",
    load: async () => (await import("./commands/group.js")).defineGroup,
  },
  {
    name: "queue",
    summary: "list waiting jobs in the order of granting",
    load: async () => (await import("./commands/queue.js")).defineQueue,
  },
  {
    name: "slots",
    summary: "show pools, what is used of them, by whom, and who waits",
    load: async () => (await import("./commands/slots.js")).defineSlots,
  },
  {
    name: "reservations",
    summary: "list reservations of direct execution",
    load: async () => (await import("./commands/reservations.js")).defineReservations,
  },
  {
    name: "explain",
    summary: "say why a job waits, or why it was granted when it was",
    load: async () => (await import("./commands/explain.js")).defineExplain,
  },
  {
    name: "workers",
    summary: "list workers",
    load: async () => (await import("./commands/workers.js")).defineWorkers,
  },
  {
    name: "health",
    summary: "say whether a scheduler leads, and how many jobs are in which state",
    load: async () => (await import("./commands/health.js")).defineHealth,
  },
  {
    name: "cancel",
    summary: "cancel a job, or a group",
    load: async () => (await import("./commands/cancel.js")).defineCancel,
  },
  {
    name: "retry",
    summary: "run an ended job again, as a new job",
    load: async () => (await import("./commands/retry.js")).defineRetry,
  },
  {
    name: "amend",
    summary: "change params or priority of a waiting job",
    load: async () => (await import("./commands/amend.js")).defineAmend,
  },
  {
    name: "move",
    summary: "move a waiting job to another place in the queue",
    load: async () => (await import("./commands/move.js")).defineMove,
  },
  {
    name: "schedule",
    summary: "list, set and trigger schedules",
    load: async () => (await import("./commands/schedule.js")).defineSchedule,
  },
  {
    name: "limits",
    summary: "show or change the limits",
    load: async () => (await import("./commands/limits.js")).defineLimits,
  },
  {
    name: "pause",
    summary: "grant no more slots of a pool",
    load: async () => (await import("./commands/pools.js")).definePause,
  },
  {
    name: "resume",
    summary: "grant slots of a paused pool again",
    load: async () => (await import("./commands/pools.js")).defineResume,
  },
  {
    name: "log",
    summary: "read, export, import and check the event log",
    load: async () => (await import("./commands/log.js")).defineLog,
  },
  {
    name: "replay",
    summary: "play the log back, or compare what another build decides on it",
    load: async () => (await import("./commands/replay.js")).defineReplay,
  },
  {
    name: "audit",
    summary: "recompute every slot from zero and compare",
    load: async () => (await import("./commands/audit.js")).defineAudit,
  },
  {
    name: "whatif",
    summary: "the recorded workload under other limits",
    load: async () => (await import("./commands/whatif.js")).defineWhatif,
  },
  {
    name: "ui",
    summary: "see the machines, the slots and the log in a browser",
    load: async () => (await import("./commands/ui.js")).defineUi,
  },
  {
    name: "graph",
    summary: "draw a machine from its code",
    load: async () => (await import("./commands/graph.js")).defineGraph,
  },
  {
    name: "doctor",
    summary: "check configuration, server, durability, permissions, Ollama",
    load: async () => (await import("./commands/doctor.js")).defineDoctor,
  },
  {
    name: "completion",
    summary: "print what lets a shell complete commands, ids and pools",
    load: async () => (await import("./commands/completion.js")).defineCompletion,
  },
];
