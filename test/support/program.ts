/** The built command line, as users start it; also for a program of the tests that is built itself. */
import { join } from "node:path";
import { PACKAGE_FOLDER } from "../../src/version.js";

export const PROGRAM = join(PACKAGE_FOLDER, "dist/src/cli/main.js");
