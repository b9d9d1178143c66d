import { defineConfig } from "vitest/config";

/** The tests that mutants of the inner rooms meet: all of these rooms, and none that starts a server or a process. */
export default defineConfig({
  test: {
    include: ["test/{events,machines,projections,golden}/**/*.test.ts"],
    setupFiles: ["test/support/frozen-states.ts"],
    testTimeout: 60_000,
    pool: "forks",
    // A mutant must live or die the same way every time; and there are thousands of them, so each meets fewer random worlds.
    env: { SIGNALBOX_TEST_SEED: "20260101", SIGNALBOX_TEST_SHARE: "0.1" },
  },
});
