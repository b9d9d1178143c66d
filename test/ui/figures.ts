/** The numbers that a page shows, read off its document as somebody would read them off the screen; and those of the command line. */
import type { Page } from "playwright-core";

export interface ShownPool {
  readonly name: string;
  readonly used: number;
  readonly capacity: number;
  readonly waiting: number;
  readonly paused: boolean;
  /** In their order. */
  readonly holders: readonly string[];
  readonly line: readonly string[];
}

/** What the overview shows. */
export interface Figures {
  readonly position: number;
  /** State → jobs, of the states that have some. */
  readonly states: Readonly<Record<string, number>>;
  readonly pools: readonly ShownPool[];
}

const READ_FIGURES = `(() => {
  const number = (element, name) => Number(element.querySelector('[data-figure=' + name + ']').textContent);
  const texts = (element, selector) => [...element.querySelectorAll(selector)].map((one) => one.textContent);
  return {
    position: number(document.querySelector('.moment'), 'position'),
    states: Object.fromEntries(
      [...document.querySelectorAll('.chart [data-state]')]
        .map((one) => [one.getAttribute('data-state'), Number(one.querySelector('.count text')?.textContent ?? 0)])
        .filter(([, count]) => count > 0),
    ),
    pools: [...document.querySelectorAll('.lane')].map((lane) => ({
      name: lane.getAttribute('data-pool'),
      used: number(lane, 'used'),
      capacity: number(lane, 'capacity'),
      waiting: number(lane, 'waiting'),
      paused: lane.querySelector('.paused-tag') !== null,
      holders: texts(lane, '.block.taken .job-id'),
      line: texts(lane, '.car .job-id'),
    })),
  };
})()`;

export const figuresOn = (page: Page): Promise<Figures> => page.evaluate<Figures>(READ_FIGURES);

/** Settles when the page shows this position. */
export async function untilAt(page: Page, position: number): Promise<void> {
  await page.locator(".moment [data-figure=position]").getByText(String(position), { exact: true }).waitFor();
}

export interface SlotsJson {
  readonly at: string;
  readonly position: number;
  readonly pools: readonly {
    readonly name: string;
    readonly used: number;
    readonly capacity: number;
    readonly waiting: number;
    readonly paused: boolean;
    readonly holders: readonly { readonly job: string }[];
  }[];
}
export interface JobJson {
  readonly id: string;
  readonly state: string;
}

/** What the page has to show, of what `slots`, `jobs` and `queue` say with these options. `ask` runs one with `-o json`. */
export async function figuresTold(
  ask: <T>(args: readonly string[]) => Promise<T>,
  options: readonly string[],
): Promise<Figures> {
  const [slots, jobs, queue] = await Promise.all([
    ask<SlotsJson>(["slots", ...options]),
    ask<readonly JobJson[]>(["jobs", ...options]),
    ask<readonly { job: string; demand: Record<string, number> }[]>(["queue", ...options]),
  ]);
  const states: Record<string, number> = {};
  for (const { state } of jobs) states[state] = (states[state] ?? 0) + 1;
  const pools = slots.pools.map(({ name, used, capacity, waiting, paused, holders }) => ({
    ...{ name, used, capacity, waiting, paused },
    holders: holders.map(({ job }) => job),
    line: queue.filter(({ demand }) => Object.hasOwn(demand, name)).map(({ job }) => job),
  }));
  return { position: slots.position, states, pools };
}
