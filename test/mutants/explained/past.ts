import type { Explained } from "../explained.js";

export const PAST: readonly Explained[] = [];
