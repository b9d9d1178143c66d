import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** Quick files first: most mutants are found by these, and a mutant is done with when the first test finds it. */
class QuickFilesFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return (await super.sort(files)).reverse();
  }
}

/** The tests that the mutants of one of the inner rooms meet; `test/mutants` names them, and the share and the seed of random runs. */
export default defineConfig({
  test: {
    include: process.env["MUTATE_TESTS"]?.split(",") ?? [],
    setupFiles: ["test/support/frozen-states.ts"],
    testTimeout: 60_000,
    sequence: { sequencer: QuickFilesFirst },
  },
});
