import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** Quick files first: most mutants are found by these, and a mutant is done with when the first test finds it. */
class QuickFilesFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return (await super.sort(files)).reverse();
  }
}

/** The tests that mutants of the inner rooms meet: all of these rooms, and none that starts a server or a process; fewer if one room is tried. */
export default defineConfig({
  test: {
    include: process.env["MUTATE_TESTS"]?.split(",") ?? ["test/{events,machines,projections,golden}/**/*.test.ts"],
    setupFiles: ["test/support/frozen-states.ts"],
    testTimeout: 60_000,
    sequence: { sequencer: QuickFilesFirst },
    // A mutant must live or die the same way every time; and there are thousands of them, so each meets fewer random worlds.
    env: { SIGNALBOX_TEST_SEED: "20260101", SIGNALBOX_TEST_SHARE: process.env["MUTATE_SHARE"] ?? "0.1" },
  },
});
