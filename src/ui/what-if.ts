/** Questions about other limits, asked from the page: one at a time, because each decides a whole ledger again. */
import { z } from "zod";
import { limitsSchema } from "../../events/limits.js";
import { readAs } from "../../events/submission.js";
import type { Log } from "../log/log.js";
import type { WhatIfAnswer, WhatIfQuestion } from "./protocol.js";
import { RequestRefused } from "./refusal.js";

/** Decides what is recorded in `ledger` again. Gives up when `signal` aborts. */
export type WhatIf = (ledger: Log, question: WhatIfQuestion, signal: AbortSignal) => Promise<WhatIfAnswer>;

const moment = z.string().max(40).exactOptional();
const questionSchema = z.strictObject({ limits: limitsSchema, from: moment, to: moment });

export class WhatIfDesk {
  readonly #whatIf: WhatIf | null;
  #isBusy = false;

  constructor(whatIf: WhatIf | null) {
    this.#whatIf = whatIf;
  }

  get isOpen(): boolean {
    return this.#whatIf !== null;
  }

  /** Throws `RequestRefused` if nobody answers such questions here, or somebody is being answered. */
  async answer(ledger: Log, body: unknown, signal: AbortSignal): Promise<WhatIfAnswer> {
    if (this.#whatIf === null) throw new RequestRefused("not-found", "no what-if is answered here");
    const read = readAs(questionSchema, body);
    if (!read.ok) throw new RequestRefused("invalid", read.reason);
    if (this.#isBusy) throw new RequestRefused("too-much", "another what-if is being worked out; ask again when it is");
    this.#isBusy = true;
    try {
      return await this.#whatIf(ledger, read.value, signal);
    } finally {
      this.#isBusy = false;
    }
  }
}
