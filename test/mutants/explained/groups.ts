import type { Explained } from "../explained.js";

export const GROUPS: readonly Explained[] = [];
