import type { Explained } from "../explained.js";

export const FOLD: readonly Explained[] = [];
