import { describe } from "vitest";
import { MemoryLog } from "../../src/log/memory.js";
import { describeLogContract } from "./contract.js";

describe("the log in memory", () => {
  const now = () => new Date().toISOString();
  describeLogContract(async () => ({
    intake: new MemoryLog({ identity: "intake", now, appendOnly: false }),
    intakeSubject: "test.submit.story",
    ledger: new MemoryLog({ identity: "ledger", now, appendOnly: true }),
    ledgerSubject: "test.ledger",
  }));
});
