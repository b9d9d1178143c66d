/** An exported log in a program: what the command line answers of one, of any moment of it, without a server. */
import { createWriteStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import type { Fact } from "../../events/facts.js";
import { type FactAddress, factAddress, position } from "../../events/names.js";
import type { PriorityRule, Variant } from "../../projections/whatif/variant.js";
import type { QueryName } from "../api/queries.js";
import { type Audit, auditText } from "../client/audit.js";
import { openCapsule } from "../client/capsule.js";
import { type ComparedColumn, type Comparison, comparisonOf } from "../client/comparison.js";
import { entriesUpTo, exportedText } from "../client/entries.js";
import { openExport, readExportedLog } from "../client/exported-log.js";
import { ClientFailure } from "../client/failure.js";
import { asOf, sourceOf } from "../client/offline.js";
import type { Answers, Questions } from "../client/questions.js";
import { parseUntil, type Until } from "../client/until.js";
import { type VerifyOutcome, verifyExport } from "../client/verify.js";
import { playVariant, readWorkload } from "../client/whatif.js";

/** A moment of a log: a position, a fact's address (`812.3`), or a time in ISO 8601. */
export type Moment = number | string;

/** A fact with its address and the time of its entry. */
export interface RecordedFact {
  readonly address: FactAddress;
  readonly at: string;
  readonly fact: Fact;
}

/** In what an alternative is other than the past. */
export interface WhatIfVariant {
  readonly name: string;
  /** The limits, given those that were in force; not given: those. */
  readonly limits?: Variant["limits"];
  /** The order in which jobs wait; not given: `recorded`. */
  readonly priority?: PriorityRule;
}

export interface RecordedLog {
  /** The namespace that it was exported from. */
  readonly namespace: string;
  /** The position of its last entry. */
  readonly last: number;
  /** Asks as `box.query`, of the end of the log or of an earlier moment. Throws `ClientFailure`. */
  query<Name extends QueryName>(name: Name, args?: object, at?: Moment): Promise<Answers[Name]>;
  /** Its facts in their order. Throws `ClientFailure` if the file is only a part of a log. */
  facts(): AsyncIterable<RecordedFact>;
  /** Checks it from its first entry on: chain, machines, capacity, order. What is wrong is a value, with its address. */
  verify(): Promise<VerifyOutcome>;
  /** Recomputes every slot from zero by two paths; what differs is in `differences`. */
  audit(at?: Moment): Promise<Audit>;
  /** The recorded workload decided again, beside the past, which is the first of `variants`. */
  whatIf(variants: readonly WhatIfVariant[]): Promise<Comparison>;
}

const asRecorded: Variant["limits"] = (recorded) => recorded;
const NEVER = new AbortController().signal;
const going = { signal: NEVER, onEntry: () => {} };

/** Reads an exported log. Throws `ClientFailure` that names the line if something is wrong with the file. */
export async function openLog(path: string): Promise<RecordedLog> {
  const exported = await readExportedLog(path);
  const source = sourceOf(exported);
  /** Folded once for each moment that is asked about; the last one is kept. */
  let asked: { readonly at: Moment | undefined; readonly questions: Questions } | null = null;
  const { namespace, last } = exported.header;
  return {
    namespace,
    last,
    query: (name, args = {}, at) => {
      if (asked === null || asked.at !== at) asked = { at, questions: asOf(source, untilOf(at)) };
      return asked.questions.query(name, args);
    },
    facts: () => factsOf(path),
    verify: async () => verifyExport(await openExport(path), { until: null, ...going }),
    audit: async (at) => auditText(await exportedText(path), untilOf(at), going),
    whatIf: async (variants) => {
      const workload = await readWorkload(await exportedText(path), { until: null, from: null, ...going });
      const columns: ComparedColumn[] = [];
      for (const { name, limits = asRecorded, priority = "recorded" } of variants) {
        const variant: Variant = { limits, priority, from: null };
        const measured = await playVariant(workload, variant, { signal: NEVER, onEntries: () => {} });
        columns.push({ name, strategy: null, priority, limits: limits(workload.limits), ...measured });
      }
      return comparisonOf(workload, columns);
    },
  };
}

/** Writes the log up to what is its end now into a new file. Throws what the file system answers if it is there already. */
export async function exportLog(questions: Questions, path: string): Promise<void> {
  const readable = await questions.readable();
  const { last } = await readable.ledger.state();
  const exportedAt = new Date().toISOString();
  const options = { namespace: questions.namespace, first: 1, last, redact: [], exportedAt };
  const { lines } = await openCapsule(readable, options);
  const written = async function* () {
    for await (const line of lines) yield `${line}\n`;
  };
  await pipeline(written, createWriteStream(path, { flags: "wx", mode: 0o600 }));
}

async function* factsOf(path: string): AsyncIterable<RecordedFact> {
  for await (const [at, entry] of entriesUpTo(await exportedText(path), null))
    for (const [index, fact] of entry.facts.entries())
      yield { address: factAddress(position(at), index), at: entry.at, fact };
}

function untilOf(at: Moment | undefined): Until | null {
  if (at === undefined) return null;
  const until = parseUntil(String(at));
  if (until === null)
    throw new ClientFailure("invalid", `${at}: give a position such as 812, or a time such as 2026-12-01T08:00:00Z`);
  return until;
}
