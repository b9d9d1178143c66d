/** What an exploration is told as: its bounds, what was seen, and what came of it. */
import type { Explored, Progress } from "./explore.js";
import type { Bounds, World } from "./world.js";

const count = (value: number): string => Math.round(value).toLocaleString("en");
const INDENT = " ".repeat(11);

export function introduce(world: World, bounds: Bounds): string {
  const submitted = world.jobs.map(
    ({ submissions, times }) => `${times} × ${submissions.map(({ type }) => type).join("+")}`,
  );
  const attempts = Object.entries(world.file.types).map(([type, { maxAttempts }]) => `${type} ${maxAttempts}`);
  const parts = [
    `jobs ${submitted.join(", ")}`,
    `attempts ${attempts.join(", ")}`,
    `limits ${JSON.stringify(world.file.limits)}`,
    `dispatchers ${world.dispatchers}`,
    `inputs a turn ${world.inputsPerTurnMax}`,
    `ends ${world.endings.join(", ")}`,
    ...boundsOf(bounds),
  ];
  return `${world.name.padEnd(11)}${world.about}\n${INDENT}${parts.join(" · ")}`;
}

function boundsOf({ commands = [], ...faults }: Bounds): readonly string[] {
  const names: Readonly<Record<keyof typeof faults, string>> = {
    crashes: "crashes",
    rivals: "takeovers of one that leads",
    losses: "lost appends or answers",
    lateAppends: "late appends",
    duplicates: "second submissions",
    stops: "stops",
  };
  const told = Object.entries(names).flatMap(([key, name]) => {
    const times = faults[key as keyof typeof faults] ?? 0;
    return times === 0 ? [] : [`${name} ≤ ${times}`];
  });
  const asked = commands.map(
    ({ by, times, choices }) => `${choices.map(({ verb }) => verb).join("/")} by ${by} ≤ ${times}`,
  );
  return [...told, ...asked];
}

export function progressLine(world: World, { states, depth, waiting, cpuSeconds }: Progress): string {
  return `${world.name}: ${count(states)} states, ${depth} moves deep, ${count(waiting)} on the next level, ${count(states / cpuSeconds)}/s`;
}

export function conclude(explored: Explored): string {
  const { states, transitions, depth, seconds, cpuSeconds } = explored;
  const { mirrored, beliefs, turns, ledgersMerged, ledgersCompared, refolded } = explored;
  const lines = [
    `${count(states)} states, ${count(transitions)} transitions, ${depth} moves deep; ${count(seconds)} s, ${count(states / cpuSeconds)} states per second of processor time`,
    `${count(turns)} entries decided, ${count(beliefs)} beliefs; merged: ${count(ledgersMerged)} ledgers with equal beliefs, ${count(mirrored)} mirrored states; ` +
      `compared: ${count(ledgersCompared)} decisions from merged ledgers, ${count(refolded)} ledgers folded from zero`,
    verdictOf(explored),
  ];
  return lines.map((line) => INDENT + line).join("\n");
}

function verdictOf({ fault, isComplete, states }: Explored): string {
  if (fault !== null) return `broken: ${fault.broken.rule}`;
  if (isComplete) return "all invariants hold in every state, and from every state all jobs can still end";
  return `not everything was seen; all invariants hold in the first ${count(states)} states, and from each all jobs can still end`;
}
