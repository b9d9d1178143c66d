import type { Explained } from "../explained.js";

export const MACHINES: readonly Explained[] = [];
