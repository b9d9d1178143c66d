/** A scheduler in the test process on a server of its own, and the built program run against it as a child process. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { loadConfiguration } from "../../src/config/index.js";
import { createLogger } from "../../src/logger.js";
import { connect } from "../../src/nats/door.js";
import { type JobFunction, NotRetryable } from "../../src/runners/index.js";
import { type Scheduler, startScheduler } from "../../src/scheduler.js";
import { type NatsTestServer, startNatsServer } from "../support/nats-server.js";
import { PROGRAM } from "../support/program.js";
import { JobsSeen } from "./jobs-seen.js";

const RUN_MS_MAX = 25_000;
/** After a test has killed the server. */
const RECONNECT_MS = 50;

/** What the program said, and how it ended. */
interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<Ran>;
  /** Resolves when the text has been written to the stream. */
  saw(stream: "stdout" | "stderr", text: string): Promise<void>;
}

export interface RunOptions {
  readonly input?: string;
  /** The test writes to standard input itself, and ends it. */
  readonly keepsInputOpen?: boolean;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** A program that runs longer is killed; default 25 s. */
  readonly runMsMax?: number;
}

export interface World extends AsyncDisposable {
  readonly server: NatsTestServer;
  readonly scheduler: Scheduler;
  /** Starts another scheduler like the first, after that one was stopped. */
  startAgain(): Promise<void>;
  /** An empty working folder. */
  readonly folder: string;
  /** Runs `signalbox …` against this server to its end. */
  run(args: readonly string[], options?: RunOptions): Promise<Ran>;
  start(args: readonly string[], options?: RunOptions): Running;
  /**
   * Submits a job that a test only needs to be there, as any program may; settles when the ledger has it. A process of its own for each
   * such job would cost more than most tests.
   */
  submit(type: string, submission: Submission): Promise<void>;
  /** The same, until the job has ended. */
  submitToEnd(type: string, submission: Submission): Promise<void>;
  /** Has a command carried out, such as `pause`; throws if it is refused. */
  command(verb: string, args: object): Promise<void>;
  /** Lets the job of type `waits` with this `gate` in its params complete. */
  open(gate: string): void;
}

/** As in the contract; the id is what is waited for. */
interface Submission {
  readonly id: string;
  readonly [key: string]: unknown;
}

const TYPES = ["hello", "fails", "waits", "talks", "skips", "writes"] as const;

/** Starts server and scheduler; `yaml` is more of the scheduler's configuration. */
export async function startWorld(yaml = "limits: {global: 2}\n"): Promise<World> {
  const server = await startNatsServer();
  const folder = await mkdtemp(join(tmpdir(), "signalbox-cli-"));
  const file = join(folder, "scheduler.yaml");
  await writeFile(file, `grace: 0\n${yaml}`);
  const loaded = loadConfiguration({ path: file, env: {}, cwd: folder, typesInCode: TYPES });
  if (loaded.kind === "refused") throw new Error(JSON.stringify(loaded.problems));
  const gates = new Gates();
  const jobs = new JobsSeen();
  const nc = await connect({ servers: server.url, maxReconnectAttempts: -1, reconnectTimeWait: RECONNECT_MS });
  const begin = () =>
    startScheduler({
      connection: { servers: [server.url] },
      configuration: loaded.configuration,
      functions: new Map(Object.entries(functionsWith(gates))),
      log: createLogger("silent"),
      onStored: ({ facts }) => jobs.stored(facts.map(({ fact }) => fact)),
    });
  let scheduler = await begin();
  const start = (args: readonly string[], options: RunOptions = {}) =>
    startProgram(args, { cwd: folder, ...options, env: { NATS_URL: server.url, ...options.env } });
  const submit = async (type: string, submission: Submission): Promise<void> => {
    const subject = `${loaded.configuration.namespace}.submit.${type}`;
    await nc.jetstream().publish(subject, JSON.stringify(submission));
    await jobs.untilMade(submission.id);
    await untilNextMillisecond();
  };
  return {
    server,
    get scheduler() {
      return scheduler;
    },
    startAgain: async () => {
      scheduler = await begin();
    },
    folder,
    start,
    run: (args, options) => start(args, options).ended,
    submit,
    submitToEnd: async (type, submission) => {
      await submit(type, submission);
      await jobs.untilEnded(submission.id);
    },
    command: async (verb, value) => {
      const answer = await scheduler.dispatcher.request({ verb, content: { value } });
      if (!answer.ok) throw new Error(`${verb} is refused: ${answer.refusal.reason}`);
    },
    open: (gate) => gates.open(gate),
    [Symbol.asyncDispose]: async () => {
      await nc.close();
      await scheduler.stop();
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Runs the built program with nothing of this process's environment but where programs and homes are. */
export function startProgram(
  args: readonly string[],
  { input, keepsInputOpen = false, env = {}, cwd = tmpdir(), runMsMax = RUN_MS_MAX }: RunOptions = {},
): Running {
  const { PATH = "", HOME = "" } = process.env;
  const child = spawn(process.execPath, [PROGRAM, ...args], { cwd, env: { PATH, HOME, ...env } });
  const said = { stdout: "", stderr: "" };
  const listeners = new Set<() => void>();
  for (const name of ["stdout", "stderr"] as const) {
    child[name].setEncoding("utf8").on("data", (text: string) => {
      said[name] += text;
      for (const listener of listeners) listener();
    });
  }
  // A program that ends without reading its input is no failure of the test.
  child.stdin.on("error", () => {});
  if (!keepsInputOpen) child.stdin.end(input ?? "");
  const timer = setTimeout(() => child.kill("SIGKILL"), runMsMax);
  const ended = new Promise<Ran>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => {
      clearTimeout(timer);
      resolve({ code, ...said });
    });
  });
  return {
    child,
    ended,
    saw: (stream, text) =>
      new Promise((resolve, reject) => {
        const look = () => {
          if (!said[stream].includes(text)) return;
          listeners.delete(look);
          resolve();
        };
        listeners.add(look);
        look();
        void ended.then((ran) => reject(new Error(`ended without ${JSON.stringify(text)}: ${JSON.stringify(ran)}`)));
      }),
  };
}

/** Gates that jobs wait at until a test opens them, in either order. */
class Gates {
  readonly #open = new Set<string>();
  readonly #waiting = new Map<string, () => void>();

  open(name: string): void {
    this.#open.add(name);
    this.#waiting.get(name)?.();
  }

  pass(name: string, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#open.has(name)) return resolve();
      this.#waiting.set(name, resolve);
      signal.addEventListener("abort", () => reject(new Error("aborted")), { once: true });
    });
  }
}

function functionsWith(gates: Gates): Record<(typeof TYPES)[number], JobFunction> {
  return {
    hello: (params) => ({ greeting: `hello ${String(params["name"] ?? "world")}` }),
    fails: () => {
      throw new NotRetryable("it is broken");
    },
    waits: async (params, run) => {
      await gates.pass(String(params["gate"]), run.signal);
      return { passed: params["gate"] ?? null };
    },
    talks: (_params, run) => {
      for (const token of ["Once ", "upon ", "a time"]) run.progress({ token });
      return { text: "Once upon a time" };
    },
    /** A result of `params.chars` characters. */
    writes: (params) => "x".repeat(Number(params["chars"])),
    skips: () => ({ outcome: "skipped", reason: "nothing to do" }),
  };
}

/** Jobs are told apart by when they were made, as they are when people make them: no two in one millisecond. */
async function untilNextMillisecond(): Promise<void> {
  for (const now = Date.now(); Date.now() === now; ) await setImmediate();
}
