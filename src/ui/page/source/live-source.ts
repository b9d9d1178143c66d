/** The source behind the server of `signalbox ui`. */
import type {
  ActionAnswer,
  ActionRequest,
  ActionVerb,
  Board,
  FactAnswer,
  FactsAnswer,
  FactsQuery,
  HistoryQuery,
  JobAnswer,
  JobsAnswer,
  JobsQuery,
  MachinesAnswer,
  Meta,
  Refusal,
  SlotHistory,
  Source,
  StreamEvent,
  WhatIfAnswer,
  WhatIfQuestion,
} from "../../protocol.js";
import { SourceFailure } from "./failure.js";
import { serverEvents } from "./server-events.js";

const RETRY_MS_MIN = 250;
const RETRY_MS_MAX = 5_000;
/** The server says something at least this often; a stream that is silent for longer is dead, and opened anew. */
const SILENCE_MS_MAX = 45_000;

/** What of a query stands in the URL: lists are repeated, what is absent is left out. */
type QueryValue = string | number | readonly string[] | undefined;

export class LiveSource implements Source {
  readonly #token: string | null;
  /** Told when the connection to the page's own server is cut, and why. That it is there again a new board tells. */
  readonly #onCut: (reason: string) => void;

  constructor({ token, onCut }: { token: string | null; onCut: (reason: string) => void }) {
    this.#token = token;
    this.#onCut = onCut;
  }

  meta(): Promise<Meta> {
    return this.#get("meta");
  }
  machines(): Promise<MachinesAnswer> {
    return this.#get("machines");
  }
  board(at: string | undefined, signal: AbortSignal): Promise<Board> {
    return this.#get("board", { at }, signal);
  }
  jobs(query: JobsQuery, signal: AbortSignal): Promise<JobsAnswer> {
    return this.#get("jobs", { ...query }, signal);
  }
  job(id: string, at: string | undefined, signal: AbortSignal): Promise<JobAnswer> {
    return this.#get(`jobs/${encodeURIComponent(id)}`, { at }, signal);
  }
  facts(query: FactsQuery, signal: AbortSignal): Promise<FactsAnswer> {
    return this.#get("facts", { ...query }, signal);
  }
  fact(address: string, signal: AbortSignal): Promise<FactAnswer> {
    return this.#get(`facts/${encodeURIComponent(address)}`, {}, signal);
  }
  history(query: HistoryQuery, signal: AbortSignal): Promise<SlotHistory> {
    return this.#get("slots/history", { ...query }, signal);
  }
  whatif(question: WhatIfQuestion, signal: AbortSignal): Promise<WhatIfAnswer> {
    return this.#post("whatif", question, signal);
  }
  act<Verb extends ActionVerb>(verb: Verb, request: ActionRequest<Verb>): Promise<ActionAnswer> {
    return this.#post(`actions/${verb}`, request);
  }

  follow(listener: (event: StreamEvent) => void): () => void {
    const stopping = new AbortController();
    void this.#followForEver(listener, stopping.signal);
    return () => stopping.abort();
  }

  async #followForEver(listener: (event: StreamEvent) => void, signal: AbortSignal): Promise<void> {
    let pause = RETRY_MS_MIN;
    while (!signal.aborted) {
      let isBroken = false;
      try {
        await this.#followOnce((event) => {
          pause = RETRY_MS_MIN;
          isBroken = event.name === "broken";
          listener(event);
        }, signal);
        if (isBroken) return;
        this.#onCut("the server of this page has closed the stream");
      } catch (error) {
        if (signal.aborted) return;
        this.#onCut(error instanceof SourceFailure ? error.message : "the server of this page does not answer");
      }
      await new Promise((resolve) => setTimeout(resolve, pause));
      pause = Math.min(pause * 2, RETRY_MS_MAX);
    }
  }

  async #followOnce(listener: (event: StreamEvent) => void, outer: AbortSignal): Promise<void> {
    const silent = new AbortController();
    const signal = AbortSignal.any([outer, silent.signal]);
    const answer = await fetch("/api/stream", { headers: this.#headers(), signal, cache: "no-store" });
    if (!answer.ok || answer.body === null) throw await failureOf(answer);
    let timer = setTimeout(() => silent.abort(), SILENCE_MS_MAX);
    const heard = answer.body.pipeThrough(
      new TransformStream<Uint8Array, Uint8Array>({
        transform: (chunk, controller) => {
          clearTimeout(timer);
          timer = setTimeout(() => silent.abort(), SILENCE_MS_MAX);
          controller.enqueue(chunk);
        },
      }),
    );
    try {
      // Our own server speaks the protocol: the name tells what the data is.
      for await (const { name, data } of serverEvents(heard)) listener({ name, data: JSON.parse(data) } as StreamEvent);
    } finally {
      clearTimeout(timer);
    }
  }

  #headers(): Record<string, string> {
    return this.#token === null ? {} : { "Signalbox-Token": this.#token };
  }

  #get<Answer>(path: string, query: Readonly<Record<string, QueryValue>> = {}, signal?: AbortSignal): Promise<Answer> {
    const search = new URLSearchParams();
    for (const [name, value] of Object.entries(query)) {
      if (value === undefined) continue;
      for (const one of Array.isArray(value) ? value : [value]) search.append(name, String(one));
    }
    const text = search.toString();
    return this.#ask(`/api/${path}${text === "" ? "" : `?${text}`}`, { ...(signal !== undefined && { signal }) });
  }

  #post<Answer>(path: string, body: object, signal?: AbortSignal): Promise<Answer> {
    const headers = { "Content-Type": "application/json" };
    return this.#ask(`/api/${path}`, {
      ...{ method: "POST", headers, body: JSON.stringify(body) },
      ...(signal !== undefined && { signal }),
    });
  }

  async #ask<Answer>(url: string, init: RequestInit & { headers?: Record<string, string> }): Promise<Answer> {
    let answer: Response;
    try {
      answer = await fetch(url, { ...init, headers: { ...init.headers, ...this.#headers() }, cache: "no-store" });
    } catch (error) {
      if (init.signal?.aborted === true) throw error;
      throw new SourceFailure("unavailable", "The server of this page does not answer.");
    }
    if (!answer.ok) throw await failureOf(answer);
    // Our own server speaks the protocol: the path tells what the answer is.
    return (await answer.json()) as Answer;
  }
}

async function failureOf(answer: Response): Promise<SourceFailure> {
  try {
    return SourceFailure.of((await answer.json()) as Refusal);
  } catch {
    return new SourceFailure("failed", `The server answered ${answer.status} ${answer.statusText}`.trim());
  }
}
