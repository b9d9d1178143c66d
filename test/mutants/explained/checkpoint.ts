import type { Explained } from "../explained.js";

export const CHECKPOINT: readonly Explained[] = [];
