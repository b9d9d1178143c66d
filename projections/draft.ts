/** The one door to immer: small states are changed as drafts, and are read-only for everyone who reads them (D5). */
import { type Draft, enablePatches, Immer, type Patch } from "immer";

export type { Draft, Patch } from "immer";

enablePatches();

/**
 * States are read-only by their types. That they are frozen at run time too costs a tenth of a grant, so only the tests
 * switch it on. An instance of our own: a program that uses us as a library may have other wishes for its own states.
 */
const immer = new Immer({ autoFreeze: false });

/** The state after a recipe has changed a draft of it. The state itself stays as it was. */
export function evolve<T>(state: T, recipe: (draft: Draft<T>) => void): T {
  return immer.produce(state, recipe);
}

/** What a recipe changes, as patches: for watchers, who are told what is new and not everything again. */
export function patchesOf<T>(state: T, recipe: (draft: Draft<T>) => void): readonly Patch[] {
  return immer.produceWithPatches(state, recipe)[1];
}

export const freezeStates = (isOn: boolean): void => immer.setAutoFreeze(isOn);
