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
    maxWorkers: 4,
  },
});
