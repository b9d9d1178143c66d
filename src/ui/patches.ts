/** Applies patches to a board, on either side of the wire. What a patch does not touch stays the same object. */
import type { Patch } from "./protocol.js";

/** A patch does not fit the value that it is applied to: something between was missed. */
export class PatchUnfit extends Error {
  readonly code = "patch-unfit";
}

/**
 * The value with all patches applied; the given one stays as it was. Not immer's own `applyPatches`: that one refuses the key
 * `constructor`, and a job may be called so.
 */
export function applyPatches<T>(value: T, patches: readonly Patch[]): T {
  let patched: unknown = value;
  for (const patch of patches) patched = applied(patched, patch, 0);
  // Patches keep the type: whoever made them compared two values of it.
  return patched as T;
}

function applied(value: unknown, patch: Patch, depth: number): unknown {
  const key = patch.path[depth];
  if (key === undefined) return patch.value;
  if (typeof value !== "object" || value === null) throw unfit(patch);
  const isLast = depth === patch.path.length - 1;
  if (Array.isArray(value)) return appliedToArray(value, key, isLast, patch, depth);
  const copy: Record<string, unknown> = { ...value };
  if (isLast && patch.op === "remove") delete copy[key];
  else if (isLast) copy[key] = patch.value;
  else if (Object.hasOwn(copy, key)) copy[key] = applied(copy[key], patch, depth + 1);
  else throw unfit(patch);
  return copy;
}

function appliedToArray(
  value: readonly unknown[],
  key: string | number,
  isLast: boolean,
  patch: Patch,
  depth: number,
): readonly unknown[] {
  const copy = [...value];
  if (key === "length") {
    copy.length = Number(patch.value);
    return copy;
  }
  const index = Number(key);
  if (!Number.isInteger(index) || index < 0 || index > copy.length) throw unfit(patch);
  if (isLast && patch.op === "remove") copy.splice(index, 1);
  else if (isLast && patch.op === "add") copy.splice(index, 0, patch.value);
  else copy[index] = isLast ? patch.value : applied(copy[index], patch, depth + 1);
  return copy;
}

const unfit = ({ op, path }: Patch): PatchUnfit =>
  new PatchUnfit(`${op} at ${path.join("/")}: there is nothing to apply it to`);
