/**
 * A member of a round's world: a scheduler or a worker as people run it, in a process of its own, with its own way to the NATS
 * server. It is kept alive the way a service manager does it: whoever ends before it was ready, because the server is away just
 * then, is started again after a moment. Whoever was ready and ends unasked is written down.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { TcpGate } from "../support/tcp-gate.js";

const START_AGAIN_MS = 300;
const LOG_LINES_MAX = 4_000;
/** pino's number for `fatal`. */
const FATAL = /"level":60\b/;

export type Role = "scheduler" | "worker";

export interface MemberOptions {
  readonly name: string;
  readonly role: Role;
  readonly serverPort: number;
  /** The command line, for an address of the server. */
  readonly argv: (natsUrl: string) => readonly string[];
  readonly tell: (text: string) => void;
}

export class Member {
  readonly name: string;
  readonly role: Role;
  readonly gate: TcpGate;
  /** All that it has said on its error output, over all its processes. */
  readonly log: string[] = [];
  /** What it did that nobody had asked for. */
  readonly complaints: string[] = [];
  readonly #options: MemberOptions;
  #child: ChildProcess | null = null;
  #isReady = false;
  #isStopped = false;
  /** Whether it is to run; and whether somebody has asked the process that runs to end. */
  #isWanted = false;
  #isAsked = false;
  readonly #watchers = new Set<() => void>();

  private constructor(options: MemberOptions, gate: TcpGate) {
    this.#options = options;
    this.name = options.name;
    this.role = options.role;
    this.gate = gate;
  }

  /** Makes it known; `start` starts it. */
  static async invite(options: MemberOptions): Promise<Member> {
    return new Member(options, await TcpGate.open(options.serverPort));
  }

  get pid(): number | null {
    return this.#child?.pid ?? null;
  }

  /** It runs and is not frozen. */
  get isAble(): boolean {
    return this.#child !== null && !this.#isStopped;
  }

  get isReady(): boolean {
    return this.#isReady && this.isAble;
  }

  start(): void {
    this.#isWanted = true;
    if (this.#child === null) this.#spawn();
  }

  /** SIGKILL; settles when the process is gone. It is not started again before `start`. */
  async kill(): Promise<void> {
    await this.#end("SIGKILL");
  }

  /** SIGTERM: asks it to end in good order, and settles when it has. */
  async terminate(): Promise<void> {
    await this.#end("SIGTERM");
  }

  /** SIGSTOP. */
  freeze(): void {
    if (this.#child?.kill("SIGSTOP") === true) this.#isStopped = true;
  }

  /** SIGCONT. */
  thaw(): void {
    this.#isStopped = false;
    this.#child?.kill("SIGCONT");
  }

  /** Settles when it is ready; false when that takes too long. */
  async untilReady(msMax: number): Promise<boolean> {
    return await this.#until(() => this.isReady, msMax);
  }

  /** Ends it for good, and its gate with it. */
  async dismiss(): Promise<void> {
    await this.kill();
    await this.gate[Symbol.asyncDispose]();
  }

  async #end(signal: "SIGKILL" | "SIGTERM"): Promise<void> {
    this.#isWanted = false;
    const child = this.#child;
    if (child === null) return;
    this.#isAsked = true;
    child.kill(signal);
    // Whoever is frozen acts on no signal but SIGKILL before it goes on.
    this.thaw();
    await this.#until(() => this.#child !== child, null);
  }

  #spawn(): void {
    const { argv, tell } = this.#options;
    this.#isReady = false;
    this.#isAsked = false;
    const child = spawn(process.execPath, argv(`nats://127.0.0.1:${this.gate.port}`), {
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#child = child;
    running.add(child);
    createInterface({ input: child.stderr }).on("line", (line) => {
      this.log.push(line);
      if (this.log.length > LOG_LINES_MAX) this.log.shift();
      if (FATAL.test(line)) this.#complain(`${this.name} gave up`, line);
    });
    createInterface({ input: child.stdout }).on("line", (line) => {
      if (!line.includes('"event":"ready"')) return;
      this.#isReady = true;
      tell(`${this.name} is ready (process ${child.pid})`);
      this.#changed();
    });
    child.once("error", (error) => this.#complain(`${this.name} could not be started`, error.message));
    child.once("exit", (code, signal) => this.#ended(child, code, signal));
  }

  #ended(child: ChildProcess, code: number | null, signal: NodeJS.Signals | null): void {
    running.delete(child);
    const wasReady = this.#isReady;
    this.#child = null;
    this.#isReady = false;
    this.#isStopped = false;
    const how = `process ${child.pid} ended with ${signal ?? code}`;
    this.#options.tell(`${this.name}: ${how}`);
    this.log.push(`--- ${how} ---`);
    const isWell = this.#isAsked ? signal === "SIGKILL" || code === 0 || !wasReady : !wasReady;
    if (!isWell) this.#complain(`${this.name} ended ${this.#isAsked ? "badly when asked to" : "unasked"}`, how);
    this.#changed();
    setTimeout(() => {
      if (this.#isWanted && this.#child === null) this.#spawn();
    }, START_AGAIN_MS).unref();
  }

  /** Once of each kind: who cannot go on is started again and again. */
  #complain(what: string, how: string): void {
    if (!this.complaints.some((complaint) => complaint.startsWith(what))) this.complaints.push(`${what}: ${how}`);
  }

  #until(holds: () => boolean, msMax: number | null): Promise<boolean> {
    return new Promise((resolve) => {
      const end = (result: boolean) => {
        clearTimeout(timer);
        this.#watchers.delete(look);
        resolve(result);
      };
      const look = () => {
        if (holds()) end(true);
      };
      const timer = msMax === null ? undefined : setTimeout(() => end(false), msMax);
      this.#watchers.add(look);
      look();
    });
  }

  #changed(): void {
    for (const look of [...this.#watchers]) look();
  }
}

/** The last guard against processes left behind. */
const running = new Set<ChildProcess>();
process.once("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});
