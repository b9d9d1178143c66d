import type { Explained } from "../explained.js";

export const RESERVATIONS: readonly Explained[] = [];
