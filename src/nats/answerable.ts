/**
 * The server sends an answer with our rights to whatever subject the asker names. Only an inbox is answered: else a request
 * could make us write to the ledger or purge a stream.
 */
export function isAnswerable(reply: string | undefined, namespace: string): boolean {
  if (reply === undefined || reply === "") return false;
  return !reply.startsWith("$") && reply !== namespace && !reply.startsWith(`${namespace}.`);
}
