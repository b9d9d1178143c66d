/** Courses of the same workload side by side. */
import type { JSX } from "preact";
import { poolParts } from "../parts/pool-words.js";
import { spanText } from "../parts/times.js";
import type { Course } from "./whatif-report.js";

interface WhatIfTablesProps {
  readonly courses: readonly Course[];
  readonly assumptions: readonly string[];
}

export function WhatIfTables({ courses, assumptions }: WhatIfTablesProps): JSX.Element {
  const types = [...new Set(courses.flatMap(({ waits }) => waits.map(({ type }) => type)))];
  const pools = [...new Set(courses.flatMap((course) => course.pools.map(({ pool }) => pool)))];
  if (courses.length === 0) return <p class="quiet">The report measures nothing that could be compared here.</p>;
  const longest = Math.max(1, ...courses.flatMap(({ waits }) => waits.map(({ p95Ms }) => p95Ms)));
  return (
    <>
      <table class="card compared">
        <caption>How long jobs waited (half of them at most · 95 of 100 at most)</caption>
        <Names courses={courses} of="type" />
        <tbody>
          {types.map((type) => (
            <tr key={type}>
              <th scope="row">{type}</th>
              {courses.map(({ name, waits }) => {
                const wait = waits.find((one) => one.type === type);
                return (
                  <td key={name}>
                    {wait === undefined ? "–" : `${spanText(wait.p50Ms)} · ${spanText(wait.p95Ms)}`}
                    {wait !== undefined && <Bar share={wait.p95Ms / longest} />}
                  </td>
                );
              })}
            </tr>
          ))}
          <tr>
            <th scope="row">all done in</th>
            {courses.map(({ name, makespanMs }) => (
              <td key={name}>{makespanMs === null ? "–" : spanText(makespanMs)}</td>
            ))}
          </tr>
        </tbody>
      </table>
      <table class="card compared">
        <caption>How full the pools were, while there was work</caption>
        <Names courses={courses} of="pool" />
        <tbody>
          {pools.map((pool) => (
            <tr key={pool}>
              <th scope="row">{poolParts(pool).short}</th>
              {courses.map((course) => {
                const use = course.pools.find((one) => one.pool === pool);
                return (
                  <td key={course.name}>
                    {use === undefined ? "–" : `${Math.round(use.busy * 100)} % of ${use.capacity}`}
                    {use !== undefined && <Bar share={use.busy} />}
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
      {assumptions.length > 0 && (
        <section class="card" aria-label="What is taken for granted">
          <h2>What is taken for granted</h2>
          <ul class="bullets">
            {assumptions.map((one) => (
              <li key={one}>{one}</li>
            ))}
          </ul>
        </section>
      )}
    </>
  );
}

/** In what a course is other than the first: its pools that are larger or smaller there; else its own name. */
function titleOf(course: Course, first: Course | undefined): string {
  const changes = course.pools.flatMap(({ pool, capacity }) => {
    const before = first?.pools.find((one) => one.pool === pool)?.capacity;
    return before === undefined || before === capacity ? [] : [`${poolParts(pool).short} ${before} → ${capacity}`];
  });
  return changes.length === 0 ? course.name : changes.join(", ");
}

function Names({ courses, of }: { courses: readonly Course[]; of: string }): JSX.Element {
  return (
    <thead>
      <tr>
        <th scope="col">{of}</th>
        {courses.map((course) => (
          <th key={course.name} scope="col" title={course.name}>
            {titleOf(course, courses[0])}
          </th>
        ))}
      </tr>
    </thead>
  );
}

function Bar({ share }: { share: number }): JSX.Element {
  return (
    <svg class="bar" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">
      <rect class="bar-bed" width="100" height="6" />
      <rect class="bar-fill" width={Math.max(0, Math.min(1, share)) * 100} height="6" />
    </svg>
  );
}
