/** A world made ready: its configuration read by the shipped reader, its messages numbered, its bounds checked. */
import type { Fact } from "../../events/facts.js";
import { type DispatcherId, dispatcherId } from "../../events/names.js";
import type { Catalogue } from "../../projections/admission.js";
import type { Fold } from "../../projections/fold.js";
import type { DrawRetryTime } from "../../projections/reports.js";
import { isoTime } from "../../src/clock.js";
import { type Configuration, configurationSchema } from "../../src/config/schema.js";
import { catalogueOf, settingsFacts } from "../../src/configured.js";
import { nextFiring } from "../../src/cron.js";
import { retryTimes } from "../../src/dispatcher/backoff.js";
import { ATTEMPTS_MAX, ENDINGS, INPUTS_MAX, ITEM, ITEMS_MAX, REQUEST, REQUESTS_MAX } from "./codes.js";
import { type Item, JOBS_MAX, jobName, Messages, type Request } from "./messages.js";
import type { File, World } from "./world.js";

/** Which of them leads makes no difference to the ledger; so all have one name there, and their reigns tell them apart. */
export const DISPATCHER: DispatcherId = dispatcherId("d");
const WORLD_BEGINS_MS = Date.parse("2026-01-01T00:00:00.000Z");
/** The clock moves in steps; every wait is one step long, so that a step is what makes everything due that waits. */
export const STEP_MS = 1_000;
export const timeAt = (step: number): string => isoTime(WORLD_BEGINS_MS + step * STEP_MS);
export const stepOf = (time: string): number => (Date.parse(time) - WORLD_BEGINS_MS) / STEP_MS;

export class Setting {
  readonly world: World;
  readonly #files: readonly { readonly configuration: Configuration; readonly catalogue: Catalogue }[];
  readonly messages: Messages;
  /** The numbers of the endings that a run may have by itself. */
  readonly endings: readonly number[];
  readonly jobs: number;

  constructor(world: World) {
    this.world = world;
    const { file, laterFile = file } = world;
    this.#files = [file, laterFile].map((one) => {
      const configuration = configure(one, world.seats);
      return { configuration, catalogue: catalogueOf(configuration, []) };
    });
    this.messages = new Messages(world);
    this.endings = world.endings.map((ending) => ENDINGS.indexOf(ending));
    this.jobs = world.jobs.reduce((sum, { submissions, times }) => sum + submissions.length * times, 0);
    const attempts = Math.max(
      ...[file, laterFile].flatMap(({ types }) => Object.values(types)).map(({ maxAttempts }) => maxAttempts),
    );
    if (this.jobs > JOBS_MAX || attempts > ATTEMPTS_MAX) throw new Error(`${world.name} is too large a world`);
    const { items, requests } = this.messages;
    if (items.length > ITEMS_MAX || requests.length > REQUESTS_MAX || world.inputsPerTurnMax > INPUTS_MAX)
      throw new Error(`${world.name} says too much`);
  }

  itemAt(number: number): Item {
    const item = this.messages.items[number];
    if (item === undefined) throw new Error(`no item ${number} in ${this.world.name}`);
    return item;
  }

  /** The item that an input is. */
  itemOf(input: number): Item {
    return this.itemAt(input - ITEM);
  }

  jobNumber(name: string): number {
    for (let job = 0; job < this.jobs; job += 1) if (jobName(job) === name) return job;
    throw new Error(`no job ${name} in ${this.world.name}`);
  }

  /** What a request asks. */
  requestOf(input: number): Request {
    const request = this.messages.requests[input - REQUEST];
    if (request === undefined) throw new Error(`no request ${input} in ${this.world.name}`);
    return request;
  }

  /** The number of the file that a reign was started with. */
  fileNumber(reign: number): number {
    return this.world.laterFile === undefined || reign < 2 ? 0 : 1;
  }

  /** The configuration that a reign was started with, and its types. */
  fileOf(reign: number): { readonly configuration: Configuration; readonly catalogue: Catalogue } {
    const file = this.#files[this.fileNumber(reign)];
    if (file === undefined) throw new Error("no file");
    return file;
  }

  /** What a reign begins with, beside what depends on the moment. */
  accession(reign: number, at: string) {
    const { configuration } = this.fileOf(reign);
    return {
      dispatcher: DISPATCHER,
      version: "exhaustive",
      workerCapacity: configuration.workerCapacity,
      workerTypes: null,
      intakeStream: "intake",
      settingsFacts: (fold: Fold): Fact[] => settingsFacts(configuration, fold, { now: at, nextFiring }),
    };
  }

  /** The shipped backoff, at a clock that stands. */
  drawRetryTime(at: string): DrawRetryTime {
    const baseMs = this.world.hasBackoff ? STEP_MS : 0;
    return retryTimes({
      backoffOf: () => ({ baseMs, capMs: baseMs, factor: 1, jitter: false }),
      random: () => 0,
      clock: { now: () => Date.parse(at), nowIso: () => at, elapsedMs: () => 0, after: () => () => {} },
    });
  }
}

/** As the shipped reader reads it. */
function configure({ limits, types }: File, seats: number): Configuration {
  const read = Object.entries(types).map(([name, type]) => [name, { runner: "nats", ...type }]);
  return configurationSchema.parse({ limits, types: Object.fromEntries(read), worker: { capacity: seats } });
}
