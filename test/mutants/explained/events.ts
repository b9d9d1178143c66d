import type { Explained } from "../explained.js";

export const EVENTS: readonly Explained[] = [];
