/** The signature of a delivery: whoever knows the secret can tell that it came from here, and when. */
import { createHmac } from "node:crypto";

/**
 * The value of `Signalbox-Signature`: `t=<seconds>,v1=<hex>`, the HMAC-SHA256 of `<seconds>.<body>`. The time is signed with the
 * body, so that a delivery that was listened to cannot be sent again later as a new one.
 */
export function signatureOf(secret: string, seconds: number, body: string): string {
  return `t=${seconds},v1=${createHmac("sha256", secret).update(`${seconds}.${body}`).digest("hex")}`;
}
