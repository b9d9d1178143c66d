import type { Explained } from "../explained.js";

export const ORDER: readonly Explained[] = [];
