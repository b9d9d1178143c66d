/** A planned command with the names of what is there at the moment. */
import type { AuditedWorld } from "../support/auditor-world.js";
import type { CommandPlan } from "./plan.js";

export interface Spelled {
  readonly verb: string;
  readonly value: unknown;
}

export function spellCommand(command: CommandPlan, audited: AuditedWorld): Spelled {
  switch (command.verb) {
    case "cancel":
      return { verb: "cancel", value: { id: pickJob(audited, command.of) } };
    case "cancel-group":
      return { verb: "cancel", value: { group: pick([...audited.jobs.groups.ids()], command.of) } };
    case "retry":
      return { verb: "retry", value: { id: pick([...audited.jobs.accounts().keys()], command.of) } };
    case "move": {
      const { of, to, other } = command;
      const value = to === "first" || to === "last" ? true : pickJob(audited, other);
      return { verb: "move", value: { id: pickJob(audited, of), [to]: value } };
    }
    case "schedule":
      return { verb: "schedule", value: { name: pick(audited.schedules.names(), command.of), action: command.action } };
    case "amend":
      return { verb: "amend", value: { id: pickJob(audited, command.of), priority: command.priority } };
    case "pause":
    case "resume":
      return { verb: command.verb, value: { pool: pick([...audited.capacities.keys()], command.of) } };
    case "limits":
      return { verb: "limits", value: { set: command.set } };
    case "nonsense":
      return { verb: "frobnicate", value: { id: 7 } };
    default:
      return command satisfies never;
  }
}

/** Mostly one that has not ended. */
function pickJob({ jobs }: AuditedWorld, of: number): string {
  const open = [...jobs.open()].map(({ id }) => id);
  return pick(of % 5 === 0 || open.length === 0 ? [...jobs.accounts().keys()] : open, Math.floor(of / 5));
}

/** Nothing is there yet: somebody asks for what never was. */
const pick = (choices: readonly string[], of: number): string => choices[of % choices.length] ?? "nobody";
