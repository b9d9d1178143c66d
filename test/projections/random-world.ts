/** Random worlds for the grant rule: what may happen to a scheduler, step by step, in every mixture of limits (CC-7). */
import fc from "fast-check";
import type { Limits } from "../../events/limits.js";
import { stateOf } from "../../projections/jobs.js";
import { type LedgerBuilder, ledger } from "../support/ledger-builder.js";
import { shareOf } from "../support/share.js";

export const TYPES = ["story", "research", "thumbs"] as const;
export const TAGS = ["ollama", "cpu", "api"] as const;

const capacity = fc.integer({ min: 1, max: 4 });
const some = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });

/** Limits of every strategy and of their combinations. */
export const limitsArbitrary = (overtakes: fc.Arbitrary<number> = fc.constant(0)): fc.Arbitrary<Limits> =>
  fc
    .record({
      global: some(capacity),
      types: some(fc.dictionary(fc.constantFrom(...TYPES), capacity)),
      resources: some(fc.dictionary(fc.constantFrom(...TAGS), capacity)),
      maxOvertakes: overtakes,
    })
    .map(({ global, types, resources, maxOvertakes }) => ({
      ...(global !== undefined && { global }),
      ...(types && { types }),
      ...(resources && { resources }),
      ...(maxOvertakes > 0 && { maxOvertakes }),
    }));

const demanded = fc.dictionary(fc.constantFrom(...TAGS), fc.integer({ min: 1, max: 3 }));
const job = fc.record({
  type: fc.constantFrom(...TYPES),
  priority: fc.constantFrom(0, 0, 0, 5, -5),
  resources: demanded,
});

const picked = fc.nat();

/** One thing that happens. Numbers pick one of what is there at that time; nothing happens if nothing is there. */
export const happeningArbitrary = (limits: fc.Arbitrary<Limits>) =>
  fc.oneof(
    { weight: 8, arbitrary: fc.record({ kind: fc.constant("submit" as const), job }) },
    { weight: 6, arbitrary: fc.record({ kind: fc.constant("finish" as const), picked }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant("fail" as const), picked }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("cancel" as const), picked }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("move" as const), picked, place: fc.integer() }) },
    {
      weight: 1,
      arbitrary: fc.record({ kind: fc.constant("amend" as const), picked, priority: fc.constantFrom(0, 9) }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("pause" as const), picked }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant("resume" as const), picked }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("limits" as const), limits }) },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant("join" as const),
        seats: fc.integer({ min: 1, max: 3 }),
        types: fc.option(fc.uniqueArray(fc.constantFrom(...TYPES), { minLength: 1 })),
      }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("leave" as const), picked }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant("reserve" as const), resources: demanded }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant("release" as const), picked }) },
  );
export type Happening = ReturnType<typeof happeningArbitrary> extends fc.Arbitrary<infer T> ? T : never;

export class World {
  readonly ledger: LedgerBuilder;
  #made = 0;

  constructor(limits: Limits, seats: number) {
    this.ledger = ledger().elected().worker("w0", seats).limits(limits);
  }

  happen(happening: Happening): void {
    const { ledger: book } = this;
    switch (happening.kind) {
      case "submit":
        this.#made += 1;
        book.submitted(`j-${this.#made}`, { ...happening.job, resources: sorted(happening.job.resources) });
        return;
      case "finish":
        return this.#with(this.#inState("granted"), happening.picked, (id) => book.started(id).completed(id));
      case "fail":
        return this.#with(this.#inState("granted"), happening.picked, (id) => {
          const { attempts, spec } = book.row(id);
          const mayRetry = attempts.length < (spec?.maxAttempts ?? 0);
          book.failed(id, mayRetry ? book.now : null);
          if (mayRetry) book.due(id);
        });
      case "cancel":
        return this.#with(this.#inState("queued"), happening.picked, (id) => book.cancelled(id));
      case "move":
        return this.#with(this.#inState("queued"), happening.picked, (id) => book.moved(id, happening.place));
      case "amend":
        return this.#with(
          this.#inState("queued").filter((id) => book.row(id).attempts.length === 0),
          happening.picked,
          (id) => book.amended(id, { priority: happening.priority }),
        );
      case "pause":
        return this.#with(this.#pools(false), happening.picked, (pool) => book.paused(pool));
      case "resume":
        return this.#with(this.#pools(true), happening.picked, (pool) => book.resumed(pool));
      case "limits":
        book.limits(happening.limits);
        return;
      case "join":
        this.#made += 1;
        book.worker(`w${this.#made}`, happening.seats, happening.types);
        return;
      case "leave": {
        const there = Object.values(book.fold.slots.workers).filter(({ leaving }) => !leaving);
        return this.#with(
          there.map(({ id }) => id),
          happening.picked,
          (id) => book.workerLeft(id),
        );
      }
      case "reserve":
        this.#made += 1;
        book.reserved(`r-${this.#made}`, sorted(happening.resources));
        return;
      case "release":
        return this.#with(Object.keys(book.fold.slots.reservations), happening.picked, (id) =>
          happening.picked % 2 === 0 ? book.released(id) : book.expired(id),
        );
      default:
        return happening satisfies never;
    }
  }

  #inState(state: string): readonly string[] {
    return [...this.ledger.fold.jobs.values()].filter((row) => stateOf(row) === state).map(({ id }) => id);
  }

  #pools(paused: boolean): readonly string[] {
    return Object.values(this.ledger.fold.slots.pools)
      .filter((pool) => pool.paused === paused)
      .map(({ name }) => name);
  }

  #with(choices: readonly string[], picked: number, act: (choice: string) => unknown): void {
    const choice = choices[picked % choices.length];
    if (choice !== undefined) act(choice);
  }
}

/** Admission sorts tags; a ledger written by hand must do the same. */
const sorted = (resources: Readonly<Record<string, number>>): Record<string, number> =>
  Object.fromEntries(Object.entries(resources).sort(([a], [b]) => (a < b ? -1 : 1)));

/**
 * Checks a property on random input, and gives how often. The seed is printed; SIGNALBOX_TEST_SEED repeats a run.
 */
export function checkRandomly<T>(name: string, most: number, input: fc.Arbitrary<T>, hold: (value: T) => void): number {
  const { seed, numRuns } = drawn(name, most);
  fc.assert(
    fc.property(input, (value) => {
      hold(value);
    }),
    { seed, numRuns },
  );
  return numRuns;
}

/** The same for what takes its time. */
export async function checkRandomlyAsync<T>(
  name: string,
  most: number,
  input: fc.Arbitrary<T>,
  hold: (value: T) => Promise<void>,
): Promise<void> {
  await fc.assert(fc.asyncProperty(input, hold), drawn(name, most));
}

function drawn(name: string, most: number): { readonly seed: number; readonly numRuns: number } {
  const given = Number(process.env["SIGNALBOX_TEST_SEED"]);
  const seed = Number.isInteger(given) && given !== 0 ? given : Math.floor(Math.random() * 2 ** 31);
  const numRuns = shareOf(most);
  process.stdout.write(`${name}: ${numRuns} runs with seed ${seed}\n`);
  return { seed, numRuns };
}
