/** `queue --forecast-error`: how far off the forecasts of starts would have been on a recorded ledger. */
import type { Command } from "commander";
import { formatDuration } from "../../../events/duration.js";
import type { ForecastError } from "../../../projections/forecast/forecast-error.js";
import { measureForecasts } from "../../client/forecast-error.js";
import { untilOf, withQuestions } from "../asking.js";
import { printDocument } from "../printing.js";
import { ProgressBar } from "../progress-bar.js";
import type { Terminal } from "../terminal.js";
import { counted } from "../wording.js";

export async function forecastError(command: Command, terminal: Terminal): Promise<void> {
  await withQuestions(command, terminal, async (questions, options) => {
    const bar = new ProgressBar(terminal);
    const readable = await questions.readable();
    const onEntry = (position: number, last: number) =>
      bar.show({
        share: position / last,
        count: position,
        text: `${position} of ${counted(last, "entry", "entries")}`,
      });
    const error = await measureForecasts(readable, untilOf(options), onEntry).finally(() => bar.end());
    printDocument(terminal, options.output, error, errorText);
  });
}

function errorText(error: ForecastError): string {
  const { waits, asked, made, measured, medianErrorMs, p90ErrorMs, medianWaitMs, insideShare } = error;
  if (waits === 0) return "no job has waited in this ledger: there was nothing to forecast";
  const looked = asked < waits ? `, of which ${asked} were looked at` : "";
  const lines = [`${counted(waits, "wait")}${looked}: a forecast for ${made}, and ${measured} of these started`];
  if (medianErrorMs === null || p90ErrorMs === null || medianWaitMs === null || insideShare === null)
    return `${lines.join("\n")}: nothing to measure`;
  lines.push(
    `off by ${formatDuration(medianErrorMs)} in the middle, by less than ${formatDuration(p90ErrorMs)} nine times of ten`,
    `they waited ${formatDuration(medianWaitMs)} in the middle`,
    `${Math.round(100 * insideShare)} % started between the earliest and the latest time forecast (80 % should)`,
  );
  return lines.join("\n");
}
