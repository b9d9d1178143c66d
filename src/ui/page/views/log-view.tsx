/** The ledger as it grows, newest first: filtered, searched, and each fact with its cause and effect. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { Problem } from "../parts/problem.js";
import { VirtualList } from "../parts/virtual-list.js";
import { type FactList, useFacts } from "../state/fact-pages.js";
import { useSession } from "../state/session.js";
import { useSettled } from "../state/settled.js";
import { FactPanel } from "./fact-panel.js";
import { FactRow } from "./fact-row.js";
import { FACT_TYPES, factTypesOf } from "./fact-types.js";

const ROW_HEIGHT = 28;

export function LogView(): JSX.Element {
  const { route, board } = useSession();
  const [text, setText] = useState("");
  const [kind, setKind] = useState("");
  const [isOfJob, setOfJob] = useState(false);
  const job = route.job.value;
  const wanted = useSettled(text);
  const types = factTypesOf(kind);
  const facts = useFacts({
    ...(wanted !== "" && { text: wanted }),
    ...(types !== null && { type: types }),
    ...(isOfJob && job !== null && { job }),
  });
  return (
    <section class="view log" aria-label="Log">
      <search class="toolbar">
        <label>
          <span class="unseen">Search in the log</span>
          <input
            id="log-search"
            type="search"
            placeholder="search: an id, a word, a fact (/)"
            value={text}
            onInput={({ currentTarget }) => setText(currentTarget.value)}
          />
        </label>
        <label>
          <span class="unseen">Facts</span>
          <select value={kind} onChange={({ currentTarget }) => setKind(currentTarget.value)}>
            <option value="">all facts</option>
            {FACT_TYPES.map(({ name, types: listed }) => (
              <optgroup key={name} label={name}>
                <option value={name}>all: {name}</option>
                {listed.map((type) => (
                  <option key={type} value={type}>
                    {type}
                  </option>
                ))}
              </optgroup>
            ))}
          </select>
        </label>
        {job !== null && (
          <label class="check">
            <input
              type="checkbox"
              checked={isOfJob}
              onChange={({ currentTarget }) => setOfJob(currentTarget.checked)}
            />
            only {job}
          </label>
        )}
        <p class="quiet" role="status">
          {facts.isAsking ? "looking…" : `${facts.facts.length}${facts.hasOlder ? "+" : ""} facts`}, up to position{" "}
          {board.value?.position ?? "–"}
        </p>
      </search>
      <Problem text={facts.problem} />
      <div class="log-columns">
        <Facts list={facts} />
        {route.fact.value !== null && <FactPanel key={route.fact.value} address={route.fact.value} />}
      </div>
    </section>
  );
}

function Facts({ list }: { list: FactList }): JSX.Element {
  if (list.facts.length === 0 && !list.isAsking)
    return (
      <p class="quiet">
        No fact is like that.{" "}
        {list.hasOlder && (
          <button type="button" class="button small" onClick={list.loadOlder}>
            Look further back
          </button>
        )}
      </p>
    );
  return (
    <VirtualList
      label="Facts, newest first"
      items={list.facts}
      keyOf={({ address }) => address}
      rowHeight={ROW_HEIGHT}
      onEnd={list.loadOlder}
      row={(line) => <FactRow line={line} />}
    />
  );
}
