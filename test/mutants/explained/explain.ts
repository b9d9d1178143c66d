import type { Explained } from "../explained.js";

export const EXPLAIN: readonly Explained[] = [];
