/** What an endpoint wants, and the request that it gets. */
import { createHmac } from "node:crypto";
import { inspect } from "node:util";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { TERMINAL_STATES } from "../../events/states.js";
import type { WebhookOptions } from "../../src/config/index.js";
import { endpointOf, WebhookOptionsError, wants } from "../../src/webhooks/endpoint.js";
import { signatureOf } from "../../src/webhooks/signature.js";
import { checkRandomly } from "../projections/random-world.js";

const options = (given: Partial<WebhookOptions> = {}): WebhookOptions => ({
  url: "http://127.0.0.1:9000/done",
  secret: null,
  states: [...TERMINAL_STATES],
  types: null,
  timeoutMs: 10_000,
  ...given,
});
const endpoint = (given: Partial<WebhookOptions> = {}, env: Record<string, string> = {}) =>
  endpointOf("done", options(given), env);

describe("the signature", () => {
  test("given a secret, a time and a body, when they are signed, then the signature is the one that others compute", () => {
    // printf '%s' '1767225600.{"event":"job.completed","text":"ä😀"}' | openssl dgst -sha256 -hmac 'a secret'
    const hex = "65b001c8babed25cab1aad3e265443ed83f4debb5754197edc824a5f17f34d61";
    expect(signatureOf("a secret", 1_767_225_600, '{"event":"job.completed","text":"ä😀"}')).toBe(
      `t=1767225600,v1=${hex}`,
    );
  });

  test("given any secret, time and body, when one of them is another, then the signature is another", () => {
    const input = fc.tuple(fc.string({ minLength: 1 }), fc.nat(), fc.string({ unit: "grapheme" }));
    checkRandomly("signature", 300, fc.tuple(input, input), ([[secret, t, body], [secret2, t2, body2]]) => {
      const own = signatureOf(secret, t, body);
      expect(own).toBe(
        `t=${t},v1=${createHmac("sha256", secret)
          .update(Buffer.from(`${t}.${body}`))
          .digest("hex")}`,
      );
      const isSame = secret === secret2 && t === t2 && body === body2;
      expect(signatureOf(secret2, t2, body2) === own).toBe(isSame);
    });
  });
});

describe("what an endpoint wants", () => {
  test("given no states and no types, when any job ends, then it is wanted", () => {
    for (const state of TERMINAL_STATES)
      for (const type of ["story", null]) expect(wants(endpoint(), state, type)).toBe(true);
  });

  test("given states and types, when a job ends, then both must fit; a submission without a type has none that fits", () => {
    const picky = endpoint({ states: ["failed", "rejected"], types: ["story"] });
    const wanted = TERMINAL_STATES.flatMap((state) =>
      ["story", "thumbs", null].filter((type) => wants(picky, state, type)).map((type) => `${state} ${type}`),
    );
    expect(wanted.sort()).toEqual(["failed story", "rejected story"]);
  });
});

describe("the request to an endpoint", () => {
  test("given user, password, query and fragment, when it is called, then they are where they belong, and are not shown", () => {
    const called = endpoint({ url: "https://m%C3%BC:p%40ss@example.org:8443/a/b?key=hidden#part" });
    const { url, headers } = called.request("{}", 5);
    expect(url).toBe("https://example.org:8443/a/b?key=hidden");
    expect(headers).toEqual({
      "Content-Type": "application/json",
      "User-Agent": expect.stringMatching(/^signalbox\/\d/),
      "Signalbox-Timestamp": "5",
      Authorization: `Basic ${Buffer.from("mü:p@ss").toString("base64")}`,
    });
    expect(called.shown).toBe("https://example.org:8443/a/b");
  });

  test("given a secret from the environment, when it is called, then it signs, and the endpoint shows no secret however it is printed", () => {
    const called = endpoint(
      { url: "http://u:pass-word@h/?key=in-query", secret: `\${env:KEY}-2` },
      { KEY: "in-environment" },
    );
    expect(called.request("body", 7).headers["Signalbox-Signature"]).toBe(signatureOf("in-environment-2", 7, "body"));
    const printed = inspect(called, { depth: null, showHidden: true }) + JSON.stringify(called);
    expect(printed).not.toMatch(/in-environment|pass-word|in-query/);
  });

  test("given a secret that is not set, or a user that is none, when the endpoint is made, then the error names the key and no secret", () => {
    const made = (given: Partial<WebhookOptions>, env: Record<string, string> = {}) => {
      try {
        return endpoint(given, env);
      } catch (error) {
        return error;
      }
    };
    const missing = made({ secret: `x\${env:KEY}` }, { KEY: "" });
    expect(missing).toBeInstanceOf(WebhookOptionsError);
    expect(missing).toMatchObject({
      message: expect.stringMatching(/^webhooks\.done\.secret refers to .*"KEY", which is not set/),
    });
    const malformed = made({ url: "http://hidden%zz:p@h/" });
    expect(malformed).toBeInstanceOf(WebhookOptionsError);
    expect(malformed).toMatchObject({ message: expect.not.stringMatching(/hidden/) });
    expect(malformed).toMatchObject({ message: expect.stringMatching(/^webhooks\.done\.url/) });
  });
});
