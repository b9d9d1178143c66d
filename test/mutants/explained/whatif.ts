import type { Explained } from "../explained.js";

export const WHATIF: readonly Explained[] = [];
