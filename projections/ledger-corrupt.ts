/** The ledger says something that cannot be: the scheduler stops and names the place. */
export class LedgerCorrupt extends Error {
  readonly code = "ledger-corrupt";
  readonly address: string;
  constructor(address: string, message: string) {
    super(`the ledger is corrupt at ${address}: ${message}`);
    this.address = address;
  }
}
