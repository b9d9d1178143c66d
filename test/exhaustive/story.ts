/** A path through a world, told again for people: who did what, what was recorded, and what came of it. */
import type { Fact } from "../../events/facts.js";
import { ENDINGS } from "./codes.js";
import { assemble, type ExploreOptions, type Fault } from "./explore.js";
import { describeInput } from "./inputs.js";
import { jobName } from "./messages.js";
import type { MoveName } from "./moves.js";
import { ANSWER, at, type State, shell, TURN, word, YES } from "./state.js";
import type { World } from "./world.js";

type Parts = ReturnType<typeof assemble>;

export function tell(world: World, fault: Fault, options: Pick<ExploreOptions, "code">): readonly string[] {
  const parts = assemble(world, options);
  const teller = new Teller(parts);
  const state = parts.begin();
  parts.canonical.make(state);
  const isTold = fault.path.every((number) => teller.follow(state, number));
  if (isTold && fault.isOnHealthyWay) teller.healthyWay(state);
  const { during, rule, message } = fault.broken;
  return [...teller.lines, ...(during === null ? [] : [`     while it is decided: ${during}`]), `${rule}: ${message}`];
}

class Teller {
  readonly lines: string[] = [];
  readonly #parts: Parts;
  /** Which dispatcher stands in each place of the state, by its name in the story. */
  #names: string[];
  #moves = 0;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#names = Array.from({ length: parts.setting.world.dispatchers }, (_, d) => `d${d + 1}`);
  }

  /** Makes the move of that number. False if that is the move in which something breaks. */
  follow(state: State, number: number): boolean {
    const { moves } = this.#parts;
    const after = state.slice();
    let told = "";
    let seen = 0;
    try {
      moves.each(state, (name, d, detail) => {
        if (seen === number) {
          after.set(moves.acts.next);
          told = this.#describe(moves.acts.next, name, d, detail);
        }
        seen += 1;
      });
    } catch {
      // A later move of the same state may break; only the one that is followed is told.
    }
    this.#add(told === "" ? "in the next move:" : told);
    this.#goOn(state, after);
    return told !== "";
  }

  /** The healthy continuation, until it ends, breaks or comes round again. */
  healthyWay(state: State): void {
    const { healthy, healthyActs } = this.#parts;
    this.lines.push("     from here on nothing goes wrong any more:");
    const seen = new Set<string>();
    try {
      for (let step = healthy.step(state); step !== null && !seen.has(state.join()); step = healthy.step(state)) {
        seen.add(state.join());
        this.#add(this.#describe(healthyActs.next, step.name, step.d, step.detail));
        this.#goOn(state, healthyActs.next);
      }
    } catch {
      this.#add("in the next move:");
    }
  }

  #goOn(state: State, after: State): void {
    const { canonical } = this.#parts;
    state.set(after);
    canonical.make(state);
    this.#names = canonical.order.map((d) => this.#names[d] ?? "");
  }

  #add(told: string): void {
    this.#moves += 1;
    this.lines.push(`${String(this.#moves).padStart(3)}. ${told}`);
  }

  #describe(after: State, name: MoveName, d: number, detail: number): string {
    const { setting, turns } = this.#parts;
    const who = this.#names[d] ?? "";
    switch (name) {
      case "send":
        return `somebody sends: ${setting.messages.all[detail]?.text}`;
      case "take over":
      case "decide":
      case "leave": {
        const number = word(after, at(d) + TURN);
        if (number === 0) return `${who} has nothing to record`;
        const { address, facts } = turns.byId(number);
        const inputs = address.inputs.map((input) => describeInput(input, setting));
        if (address.hasTicked) inputs.push("the time has come");
        return `${who} decides (${inputs.join("; ")}): ${facts.map(gist).join(", ")}`;
      }
      case "append arrives":
        return `the append of ${who} arrives and is ${shell(after, d, ANSWER) === YES ? "stored" : "refused"}`;
      case "answer arrives":
        return `${who} hears the answer`;
      case "answer lost":
        return `the answer to ${who} is lost`;
      case "append lost":
        return `the append of ${who} is lost, and it hears nothing`;
      case "append delayed":
        return `the append of ${who} is delayed, and it gives up waiting`;
      case "read":
        return `${who} reads the ledger for its entry`;
      case "deposed":
        return `${who} sees that somebody else writes the ledger, and steps down`;
      case "delayed append arrives":
        return `the delayed append of ${who} arrives and is stored`;
      case "orphan arrives":
        return "an append of a dispatcher that is gone arrives and is stored";
      case "crash":
        return `${who} crashes`;
      case "crash, append under way":
        return `${who} crashes while its append is under way`;
      case "run ends":
        return `${jobName(detail >> 3)} ends at ${who}: ${ENDINGS[detail & 7]}`;
      case "clock":
        return `the clock of ${who} moves on`;
      case "stop":
        return `${who} is asked to stop`;
      case "grace over":
        return `the grace of ${who} is over: it aborts what runs`;
      case "hand back":
        return `${who} hands back what would not end`;
      case "stopped":
        return `${who} has stopped, and stands by again`;
      default:
        return name satisfies never;
    }
  }
}

const gist = (fact: Fact): string => ("job" in fact ? `${fact.type} ${fact.job}` : fact.type);
