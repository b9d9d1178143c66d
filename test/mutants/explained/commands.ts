import type { Explained } from "../explained.js";

export const COMMANDS: readonly Explained[] = [];
