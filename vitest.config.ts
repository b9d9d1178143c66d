import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    // Fetches the NATS servers of the version matrix once, before the tests.
    globalSetup: ["test/support/nats-server.ts"],
    setupFiles: ["test/support/frozen-states.ts"],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    pool: "forks",
    // A worker loads each module once, not once a file: that is a quarter of what a file costs. No module keeps a state that another
    // file's test could meet; what is started is started, and ended, by the file that uses it.
    isolate: false,
    maxWorkers: 4,
  },
});
