/** An actor around a stepped machine: takes one event at a time, in the order in which they came, and performs what it names. */
import type { EventObject } from "xstate";
import type { Node, Stepper } from "../../machines/stepper.js";

export interface Transition {
  readonly from: string;
  readonly event: string;
  readonly to: string;
}

export interface SteppedActorOptions<Event extends EventObject, Action extends string> {
  readonly stepper: Stepper<Event>;
  readonly actions: Readonly<Record<Action, () => void>>;
  /** Called with what an action threw. */
  readonly onError: (error: unknown) => void;
  /** Called when a final state is reached. */
  readonly onDone: () => void;
  readonly onTransition?: ((transition: Transition) => void) | undefined;
}

export class SteppedActor<Event extends EventObject, Action extends string> {
  readonly #options: SteppedActorOptions<Event, Action>;
  #node: Node;
  readonly #events: Event[] = [];
  #handling = false;

  constructor(options: SteppedActorOptions<Event, Action>) {
    this.#options = options;
    this.#node = options.stepper.initial;
  }

  get state(): string {
    return this.#node.state;
  }

  /** Performs what the machine names on arriving in its initial state. */
  start(): void {
    for (const action of this.#options.stepper.initialActions) this.#act(action);
  }

  /** Takes an event to the machine. One that its state does not take is late, and nothing happens. Pass shared event objects. */
  send(event: Event): void {
    this.#events.push(event);
    // An action may send: that event waits until all actions of this one are performed.
    if (this.#handling) return;
    this.#handling = true;
    for (let next = this.#events.shift(); next !== undefined; next = this.#events.shift()) this.#handle(next);
    this.#handling = false;
    if (this.#node.snapshot.status === "done") this.#options.onDone();
  }

  #handle(event: Event): void {
    const step = this.#options.stepper.step(this.#node, event);
    if (step === null) return;
    this.#options.onTransition?.({ from: this.#node.state, event: event.type, to: step.to.state });
    this.#node = step.to;
    for (const action of step.actions) this.#act(action);
  }

  #act(action: string): void {
    try {
      // The machine was set up with exactly these actions, so it names no other.
      this.#options.actions[action as Action]();
    } catch (error) {
      this.#options.onError(error);
    }
  }
}
