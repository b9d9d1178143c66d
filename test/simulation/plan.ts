/**
 * A plan: everything that a world is made from, drawn up front. What happens in it is a list, so that something can be left out of
 * it and the rest stays as it is; and it is JSON, so that it can be kept in a file and run again.
 */
import type { JsonObject } from "../../events/json.js";
import type { Hardness } from "./behaviour.js";
import type { Latency } from "./link.js";
import type { ThawOrder } from "./program.js";

export interface Plan {
  readonly seed: number;
  readonly settings: Settings;
  readonly happenings: readonly Happening[];
}

export interface Settings {
  /** One scheduler each, named by the machine that it runs on. */
  readonly hosts: readonly string[];
  /** Workers in processes of their own. */
  readonly outside?: readonly OutsidePlan[];
  /** The job types that the workers inside schedulers run; all, if it is not said. */
  readonly insideTypes?: readonly string[];
  readonly publishers: number;
  readonly latency: Latency;
  readonly hardness: Hardness;
  /** So many more jobs, in large batches. */
  readonly crowd: number;
  /** Most of what people do is done in the beginning. */
  readonly isEarly: boolean;
  /** As in `signalbox.yaml`. */
  readonly configuration: JsonObject;
  /** Schedules come true last at this time of the world, in milliseconds; then not for months. */
  readonly lastFiringMs?: number;
  /** After this all faults are over, and the world is to come to rest. */
  readonly spanMs: number;
}

export interface OutsidePlan {
  readonly host: string;
  readonly types: readonly string[];
  readonly capacity: number;
}

/** Somebody who wants slots for direct execution. */
export interface ReservePlan {
  readonly id: string;
  /** Tag → units. */
  readonly resources: Readonly<Record<string, number>>;
  readonly leaseMs: number;
  /** How long it is at work with them. */
  readonly holdMs: number;
  /** How long it waits for them. */
  readonly patienceMs: number;
  readonly leaves: "and says so" | "without a word";
}

/**
 * What somebody does, and what goes wrong. Times are milliseconds; a number `of` picks one of what is there at that time. A `node`
 * is a scheduler or, in a fault, one of the workers outside, which are numbered after the schedulers.
 */
export type Happening = { readonly atMs: number } & (Deed | Fault);

export type Deed =
  /** A message to the intake; tried again so often if nobody says that it was stored. */
  | {
      readonly kind: "publish";
      readonly publisher: number;
      readonly subject: string;
      readonly text: string;
      readonly retries: number;
    }
  /** A command: through the intake, or asked of a scheduler (`node`). */
  | { readonly kind: "command"; readonly node: number | null; readonly command: CommandPlan }
  | { readonly kind: "reserve"; readonly publisher: number; readonly wanted: ReservePlan }
  /** Somebody trims the intake to what is decided. */
  | { readonly kind: "trim" };

export type CommandPlan =
  | { readonly verb: "cancel" | "cancel-group" | "retry"; readonly of: number }
  /** To the front, to the end, or beside another one. */
  | {
      readonly verb: "move";
      readonly of: number;
      readonly to: "first" | "last" | "before" | "after";
      readonly other: number;
    }
  | { readonly verb: "schedule"; readonly action: "enable" | "disable" | "trigger" | "rm"; readonly of: number }
  | { readonly verb: "amend"; readonly of: number; readonly priority: number }
  | { readonly verb: "pause" | "resume"; readonly of: number }
  | { readonly verb: "limits"; readonly set: JsonObject }
  /** Something that cannot be carried out. */
  | { readonly verb: "nonsense" };

export type Fault =
  | { readonly kind: "crash"; readonly node: number; readonly forMs: number }
  | { readonly kind: "machine crash"; readonly node: number; readonly forMs: number }
  | { readonly kind: "freeze"; readonly node: number; readonly forMs: number; readonly order: ThawOrder }
  | { readonly kind: "drain"; readonly node: number; readonly forMs: number }
  | { readonly kind: "cut"; readonly client: number }
  | { readonly kind: "partition"; readonly client: number; readonly way: Way; readonly forMs: number }
  | { readonly kind: "clock jump"; readonly node: number | "server"; readonly byMs: number }
  | { readonly kind: "server restart"; readonly forMs: number }
  | { readonly kind: "server hangs"; readonly forMs: number }
  | { readonly kind: "slow disk"; readonly diskMs: number; readonly forMs: number }
  | { readonly kind: "full disk"; readonly forMs: number }
  /** Waits for a moment of this scheduler's, or of whichever comes to one, and then strikes it, or the next one beside it. */
  | {
      readonly kind: "ambush";
      readonly node: number | null;
      readonly moment: Moment;
      readonly victim: "itself" | "another";
      readonly deed: "crash" | "machine crash" | "freeze" | "cut" | "partition";
      readonly forMs: number;
    };

export type Way = "both" | "out" | "in";

/** `sent`: an entry has left; `stored`: it is stored and its acknowledgement on its way; `takes over`: nobody leads, it believes. */
export const MOMENTS = ["sent", "stored", "run begun", "run ended", "takes over"] as const;
export type Moment = (typeof MOMENTS)[number];

export type FaultKind = Fault["kind"];
export const FAULTS: ReadonlySet<string> = new Set<FaultKind>([
  "crash",
  "machine crash",
  "freeze",
  "drain",
  "cut",
  "partition",
  "clock jump",
  "server restart",
  "server hangs",
  "slow disk",
  "full disk",
  "ambush",
]);

export const isFault = (happening: Happening): happening is Happening & Fault => FAULTS.has(happening.kind);
