/** All that is explained, room by room. */
import type { Explained } from "../explained.js";
import { ADMISSION } from "./admission.js";
import { AUDIT } from "./audit.js";
import { CHECKPOINT } from "./checkpoint.js";
import { COMMANDS } from "./commands.js";
import { EVENTS } from "./events.js";
import { EXPLAIN } from "./explain.js";
import { FOLD } from "./fold.js";
import { FORECAST } from "./forecast.js";
import { GROUPS } from "./groups.js";
import { MACHINES } from "./machines.js";
import { ORDER } from "./order.js";
import { PAST } from "./past.js";
import { RESERVATIONS } from "./reservations.js";
import { SCHEDULES } from "./schedules.js";
import { SLOTS } from "./slots.js";
import { STARTS } from "./starts.js";
import { VERIFY } from "./verify.js";
import { VIEWS } from "./views.js";
import { WHATIF } from "./whatif.js";

export const EXPLAINED: readonly Explained[] = [
  ...EVENTS,
  ...MACHINES,
  ...ADMISSION,
  ...STARTS,
  ...SLOTS,
  ...ORDER,
  ...FOLD,
  ...COMMANDS,
  ...GROUPS,
  ...SCHEDULES,
  ...RESERVATIONS,
  ...PAST,
  ...CHECKPOINT,
  ...VERIFY,
  ...AUDIT,
  ...VIEWS,
  ...EXPLAIN,
  ...FORECAST,
  ...WHATIF,
];
