import type { Explained } from "../explained.js";

export const VERIFY: readonly Explained[] = [];
