/** The controls of a replay: in every state, what every wish leads to, and what it leaves undone. */
import { describe, expect, test } from "vitest";
import { PLAYER_ACTIONS, PLAYER_EVENTS, type PlayerEvent, playerStepper } from "../../machines/player.js";
import type { Node } from "../../machines/stepper.js";

type Name = PlayerEvent["type"];
/** The way to each state by the fewest wishes. */
const WAYS: Readonly<Record<string, readonly Name[]>> = {
  playing: [],
  paused: ["PAUSE"],
  asking: ["ASK"],
  helping: ["HELP"],
  left: ["QUIT"],
};

/** Where a wish leads, and what the shell does; what is not here is refused. */
const TABLE: Readonly<Record<string, Partial<Record<Name, string>>>> = {
  playing: {
    ...{ PAUSE: "paused", HALT: "paused", FORWARD: "paused stepForward", BACK: "paused stepBack" },
    ...{ FASTER: "playing faster", SLOWER: "playing slower", ASK: "asking", HELP: "helping", QUIT: "left leave" },
  },
  paused: {
    ...{ PAUSE: "playing startClock", FORWARD: "paused stepForward", BACK: "paused stepBack" },
    ...{ FASTER: "paused faster", SLOWER: "paused slower", ASK: "asking", HELP: "helping", QUIT: "left leave" },
  },
  asking: { GO: "paused goThere", CLOSE: "paused", QUIT: "left leave" },
  helping: { CLOSE: "paused", QUIT: "left leave" },
  left: {},
};

const nodeAt = (state: string): Node =>
  (WAYS[state] ?? []).reduce(
    (node, name) => playerStepper.step(node, PLAYER_EVENTS[name])?.to ?? expect.fail(name),
    playerStepper.initial,
  );

describe("the player", () => {
  test("given its beginning, then it plays", () => {
    expect(playerStepper.initial.state).toBe("playing");
    expect(playerStepper.initialActions).toEqual(["startClock"]);
  });

  test.each(Object.keys(TABLE))(
    "given the state %s, when anything is wished, then it leads where it should, or nowhere",
    (state) => {
      const node = nodeAt(state);
      expect(node.state).toBe(state);
      for (const name of Object.keys(PLAYER_EVENTS) as Name[]) {
        const step = playerStepper.step(node, PLAYER_EVENTS[name]);
        const led = step === null ? undefined : [step.to.state, ...step.actions].join(" ");
        expect(led, name).toBe(TABLE[state]?.[name]);
      }
    },
  );

  test("given all of it, then each action is performed somewhere", () => {
    const said = Object.values(TABLE).flatMap((row) => Object.values(row).flatMap((led) => led.split(" ")));
    for (const action of PLAYER_ACTIONS) expect(said).toContain(action);
  });
});
