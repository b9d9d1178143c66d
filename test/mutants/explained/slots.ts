import type { Explained } from "../explained.js";

export const SLOTS: readonly Explained[] = [];
