/** The simulated log promises what every log promises: it passes the suite that the real one passes. */
import { describe } from "vitest";
import { describeLogContract } from "../log/contract.js";
import { SimLogStage } from "./sim-log-stage.js";

describe("the simulated log", () => {
  describeLogContract(async () => {
    const { intake, ledger } = new SimLogStage(1).client();
    return { intake, intakeSubject: "test.submit.story", ledger, ledgerSubject: "test.ledger" };
  });
});
