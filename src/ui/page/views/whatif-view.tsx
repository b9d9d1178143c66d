/** The recorded workload under other limits: what it would have waited, and how full the pools would have been. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { Limits } from "../../../../events/limits.js";
import { poolParts } from "../parts/pool-words.js";
import { Problem } from "../parts/problem.js";
import { sentenceOf } from "../source/index.js";
import { useSession } from "../state/session.js";
import { assumptionsOf, coursesOf } from "./whatif-report.js";
import { WhatIfTables } from "./whatif-tables.js";

export function WhatIfView(): JSX.Element {
  const { source, board } = useSession();
  const [limits, setLimits] = useState<Limits | null>(null);
  const [report, setReport] = useState<unknown>(null);
  const [isAsking, setAsking] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const shown = board.value;
  if (shown === null) return <p class="quiet">Nothing is known yet.</p>;
  const wanted = limits ?? shown.limits;
  const ask = async (): Promise<void> => {
    setAsking(true);
    setProblem(null);
    try {
      const answer = await source.whatif({ limits: wanted }, new AbortController().signal);
      setReport(answer.report);
    } catch (error) {
      setProblem(sentenceOf(error));
    }
    setAsking(false);
  };
  return (
    <section class="view whatif" aria-label="What if">
      <form
        class="card"
        onSubmit={(event) => {
          event.preventDefault();
          void ask();
        }}
      >
        <h2>What if the limits were</h2>
        <div class="limit-fields">
          {capacitiesOf(wanted).map(([pool, capacity]) => (
            <label key={pool}>
              <span>
                {poolParts(pool).short} <small>{poolParts(pool).kind}</small>
              </span>
              <input
                type="number"
                min={1}
                step={1}
                required
                value={capacity}
                onInput={({ currentTarget }) => setLimits(withCapacity(wanted, pool, currentTarget.valueAsNumber))}
              />
            </label>
          ))}
          {capacitiesOf(wanted).length === 0 && <p class="quiet">No limits are in force that could be changed.</p>}
        </div>
        <button type="submit" class="button" disabled={isAsking}>
          {isAsking ? "Playing it through…" : "Play it through"}
        </button>
        <p class="quiet">
          Nothing is changed: the recorded jobs are decided again, by the same rule, with these limits from the first
          job on.
        </p>
      </form>
      <Problem text={problem} />
      <div aria-live="polite">
        {report !== null && <WhatIfTables courses={coursesOf(report)} assumptions={assumptionsOf(report)} />}
      </div>
    </section>
  );
}

function capacitiesOf({ global, types = {}, resources = {} }: Limits): readonly (readonly [string, number])[] {
  return [
    ...(global === undefined ? [] : ([["global", global]] as const)),
    ...Object.entries(types).map(([type, units]) => [`type:${type}`, units] as const),
    ...Object.entries(resources).map(([tag, units]) => [`resource:${tag}`, units] as const),
  ];
}

function withCapacity(limits: Limits, pool: string, units: number): Limits {
  if (!Number.isInteger(units) || units < 1) return limits;
  const { kind, short } = poolParts(pool);
  if (kind === "") return { ...limits, global: units };
  if (kind === "type") return { ...limits, types: { ...limits.types, [short]: units } };
  return { ...limits, resources: { ...limits.resources, [short]: units } };
}
