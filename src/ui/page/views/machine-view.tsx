/** The machines, drawn from their code: what is in each state now, what just happened, and the way of the job that is chosen. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { type ChartForm, chartOf } from "../../drawing/chart.js";
import { isJobState } from "../parts/state-mark.js";
import { useJobAnswer } from "../state/job-answer.js";
import { trailOf } from "../state/job-trail.js";
import { countsIn, UNITS } from "../state/machine-counts.js";
import { useSession } from "../state/session.js";
import { ChartFigure } from "./chart-figure.js";
import { JobHistory } from "./job-history.js";
import { Lately } from "./lately.js";

const ZOOMS = [null, 0.75, 1, 1.4] as const;

export function MachineView(): JSX.Element {
  const { machines, route } = useSession();
  const [form, setForm] = useState<ChartForm>("labelled");
  const [zoom, setZoom] = useState<number | null>(null);
  return (
    <section class="view machines" aria-label="Machines">
      <div class="toolbar">
        <fieldset class="choice">
          <legend class="unseen">Machine</legend>
          {machines.map(({ machine }) => (
            <label key={machine}>
              <input
                type="radio"
                name="machine"
                checked={route.machine.value === machine}
                onChange={() => {
                  route.machine.value = machine;
                }}
              />
              <span>{machine}</span>
            </label>
          ))}
        </fieldset>
        <label class="check">
          <input
            type="checkbox"
            checked={form === "labelled"}
            onChange={({ currentTarget }) => setForm(currentTarget.checked ? "labelled" : "plain")}
          />
          events and guards
        </label>
        <fieldset class="choice">
          <legend class="unseen">Size</legend>
          {ZOOMS.map((one) => (
            <label key={one ?? "fit"}>
              <input type="radio" name="zoom" checked={zoom === one} onChange={() => setZoom(one)} />
              <span>{one === null ? "fit" : `${one * 100} %`}</span>
            </label>
          ))}
        </fieldset>
      </div>
      <MachineChart machine={route.machine.value} form={form} zoom={zoom} />
      {route.machine.value === "job" && (route.job.value === null ? <Lately /> : <Trodden id={route.job.value} />)}
      {route.machine.value === "dispatcher" && (
        <p class="quiet">The ledger tells who leads; what a dispatcher does between two entries it does not record.</p>
      )}
      {route.machine.value === "worker" && (
        <p class="quiet">Seats of all workers, as far as the ledger tells: free, or what the job in them is doing.</p>
      )}
    </section>
  );
}

interface MachineChartProps {
  readonly machine: string;
  readonly form: ChartForm;
  readonly zoom?: number | null;
}

export function MachineChart({ machine, form, zoom = null }: MachineChartProps): JSX.Element {
  const session = useSession();
  const { route, board } = session;
  const { value: job } = useJobAnswer(machine === "job" ? route.job.value : null);
  // The answer about the job that was chosen before stays until the new one is there.
  const chosen = job !== null && job.job.id === route.job.value ? job : null;
  const diagram = session.machine(machine);
  const chart = diagram === undefined ? null : chartOf(diagram, form);
  if (chart === null)
    return <p class="problem">This page has no layout for the {machine} machine: it is newer than the page.</p>;
  const counts = board.value === null ? {} : countsIn(machine, board.value);
  return (
    <ChartFigure
      {...{ chart, counts, zoom, unit: UNITS[machine] ?? "" }}
      trail={chosen === null ? null : trailOf(chosen)}
      here={chosen?.job.state ?? null}
      onState={(state) => {
        route.state.value = isJobState(state) ? state : null;
        route.view.value = "jobs";
      }}
    />
  );
}

function Trodden({ id }: { id: string }): JSX.Element | null {
  const { value } = useJobAnswer(id);
  return value === null ? null : (
    <section class="card" aria-label={`The way of ${id}`}>
      <h2>The way of {id}</h2>
      <JobHistory history={value.job.history} />
    </section>
  );
}
