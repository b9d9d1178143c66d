/** Questions answered without a scheduler: from an exported log, or from the ledger as it was at some time. */

import type { Fold } from "../../projections/fold.js";
import { type ExportedLog, readExportedLog } from "./exported-log.js";
import type { Answers, Questions } from "./questions.js";
import { answeredValue, answerFrom, foldLedger } from "./reader.js";
import type { Until } from "./until.js";

/** Asks an exported log, up to `until` or as a whole. Throws `ClientFailure` if the file is none. */
export async function openExportedLog(path: string, until: Until | null): Promise<Questions> {
  return asOf(sourceOf(await readExportedLog(path)), until);
}

/** An exported log that was read, as what is asked about. */
export function sourceOf({ header, begin, ledger }: ExportedLog): Omit<Questions, "query"> {
  const readable = { ledger, begin, shelf: null, onNotice: () => {} };
  return {
    namespace: header.namespace,
    ledger: async () => ledger,
    readable: async () => readable,
    close: async () => {},
  };
}

/** Asks the ledger of `source` as it was at `until`. It is folded once, when the first question comes. */
export function asOf(source: Omit<Questions, "query">, until: Until | null): Questions {
  let folded: Promise<Fold> | null = null;
  return {
    namespace: source.namespace,
    ledger: () => source.ledger(),
    readable: () => source.readable(),
    close: () => source.close(),
    query: async (name, args = {}) => {
      const ledger = await source.ledger();
      folded ??= source.readable().then((readable) => foldLedger(readable, until));
      // `name` decides which view is computed, and so what comes out.
      return answeredValue(await answerFrom(await folded, ledger, name, args)) as Answers[typeof name];
    },
  };
}
