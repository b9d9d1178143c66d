import type { Explained } from "../explained.js";

export const STARTS: readonly Explained[] = [];
