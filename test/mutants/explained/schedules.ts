import type { Explained } from "../explained.js";

export const SCHEDULES: readonly Explained[] = [];
