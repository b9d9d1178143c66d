/** Golden error texts: what a person reads who made a mistake in signalbox.yaml. */
import { describe, expect, test } from "vitest";
import { describeProblems, loadConfiguration } from "../../src/config/index.js";
import { folderWith } from "./folder.js";

function errorsOf(content: string | Uint8Array): string {
  const loaded = loadConfiguration({ env: {}, cwd: folderWith({ "signalbox.yaml": content }) });
  return loaded.kind === "refused" ? describeProblems(loaded.problems) : "(no error)";
}

const topLevelKeys =
  "namespace, nats, limits, lease, grace, stateDir, history, checkpoints, worker, types, templates, schedules, webhooks";
const commonKeys = "runner, resources, timeout, maxAttempts, backoff, params, labels, priority";
const durations = "500ms, 30s, 10m, 2h, 1d or a whole number of milliseconds";

const cases: readonly (readonly [title: string, content: string, expected: string])[] = [
  [
    "an unknown key at the top",
    "limit:\n  global: 2\n",
    `signalbox.yaml:1:1 limit: unknown key; did you mean limits? allowed: ${topLevelKeys}`,
  ],
  [
    "a mistyped key of a type",
    "types:\n  # a comment\n  story:\n    runner: ollama\n    modell: llama3.2\n",
    `signalbox.yaml:5:5 types.story.modell: unknown key; did you mean model? allowed: ${commonKeys}, model, host, options, keepAlive, system`,
  ],
  [
    "an unknown runner",
    "types:\n  story: {runner: olama, model: x}\n",
    "signalbox.yaml:2:19 types.story.runner: unknown runner; did you mean ollama? allowed: ollama, command, http, nats",
  ],
  [
    "a type without a runner",
    "types:\n  story: {model: x}\n",
    "signalbox.yaml:2:3 types.story.runner: is missing; allowed: ollama, command, http, nats",
  ],
  [
    "an empty type",
    "types:\n  story:\n",
    "signalbox.yaml:2:3 types.story: is empty; must be a mapping (key: value), or leave the key out",
  ],
  [
    "an ollama type without a model",
    "types:\n  story:\n    runner: ollama\n",
    "signalbox.yaml:2:3 types.story.model: is missing; must be text",
  ],
  [
    "a command as text",
    "types:\n  thumbs:\n    runner: command\n    argv: convert - png:-\n",
    "signalbox.yaml:4:11 types.thumbs.argv: must be a list, not text",
  ],
  [
    "an address that is none",
    "types:\n  research:\n    runner: http\n    url: example\n    method: GET\n",
    "signalbox.yaml:4:10 types.research.url: must be a URL that begins with http:// or https://\n" +
      "signalbox.yaml:5:13 types.research.method: unknown value; allowed: POST, PUT, PATCH",
  ],
  [
    "limits that are not positive whole numbers",
    "limits:\n  global: 0\n  types: {story: 1.5}\n  resources:\n    ollama: many\ntypes: {story: {runner: nats}}\n",
    [
      "signalbox.yaml:2:11 limits.global",
      "signalbox.yaml:3:18 limits.types.story",
      "signalbox.yaml:5:13 limits.resources.ollama",
    ]
      .map((place) => `${place}: must be a positive whole number up to 1000000`)
      .join("\n"),
  ],
  [
    "a tag that is not a name",
    "limits:\n  resources:\n    claude.api: 3\n",
    "signalbox.yaml:3:5 limits.resources.claude.api: is not a valid name: up to 64 letters, digits, - and _, beginning with a letter or digit",
  ],
  [
    "a tag that names no configured pool",
    "limits:\n  resources: {ollama: 1, cpu-bound: 2}\ntypes:\n  story:\n    runner: nats\n    resources: {olama: 1}\n",
    "signalbox.yaml:6:17 types.story.resources.olama: names no pool of limits.resources; did you mean ollama? allowed: ollama, cpu-bound",
  ],
  [
    "a tag called like a member of every object",
    "limits: {resources: {ollama: 1}}\ntypes:\n  story: {runner: nats, resources: {constructor: 1}}\n",
    "signalbox.yaml:3:37 types.story.resources.constructor: names no pool of limits.resources; allowed: ollama",
  ],
  [
    "a demand above a pool's capacity",
    "limits:\n  resources: {cpu-bound: 2}\ntypes:\n  thumbs: {runner: nats, resources: {cpu-bound: 3}}\n",
    "signalbox.yaml:4:49 types.thumbs.resources.cpu-bound: needs 3, but limits.resources.cpu-bound has 2: such a job could never start; allowed: 0 to 2",
  ],
  [
    "a limit of an unknown type",
    "limits:\n  types:\n    storie: 1\ntypes:\n  story: {runner: nats}\n",
    "signalbox.yaml:3:5 limits.types.storie: unknown type; did you mean story? allowed: story",
  ],
  [
    "a template of an unknown type, with an unknown tag",
    "limits: {resources: {ollama: 1}}\ntypes:\n  story: {runner: nats}\ntemplates:\n  nightly:\n    type: stories\n    resources: {gpu: 1}\n",
    "signalbox.yaml:6:11 templates.nightly.type: unknown type; did you mean story? allowed: story\n" +
      "signalbox.yaml:7:17 templates.nightly.resources.gpu: names no pool of limits.resources; allowed: ollama",
  ],
  [
    "a schedule of an unknown template",
    'schedules:\n  digest:\n    template: nightly\n    cron: "0 6 * * *"\n',
    "signalbox.yaml:3:15 schedules.digest.template: unknown template; allowed: none",
  ],
  [
    "a schedule that is wrong in every key",
    'schedules:\n  digest:\n    template: nightly\n    cron: "0 25 * * *"\n    timezone: Europe/Berln\n    missed: skipp\n    enabled: yes\n',
    'signalbox.yaml:4:11 schedules.digest.cron: "25" is not valid as hour: allowed are * and 0 to 23, lists (1,3), ranges (1-5) and steps (*/2, 1-9/2)\n' +
      "signalbox.yaml:5:15 schedules.digest.timezone: is not a known time zone; write one such as Europe/Berlin or UTC\n" +
      "signalbox.yaml:6:13 schedules.digest.missed: unknown value; did you mean skip? allowed: skip, catch-up-one, catch-up-all\n" +
      "signalbox.yaml:7:14 schedules.digest.enabled: must be true or false, not text",
  ],
  [
    "a webhook that is wrong in every key",
    `webhooks:\n  done:\n    url: example\n    secret: "\${end:KEY}"\n    states: [complete]\n    types: []\n    timeout: 10m\n    retries: 5\n`,
    "signalbox.yaml:3:10 webhooks.done.url: must be a URL that begins with http:// or https://\n" +
      `signalbox.yaml:4:13 webhooks.done.secret: has a malformed reference; write \${env:NAME}\n` +
      "signalbox.yaml:5:14 webhooks.done.states.0: unknown value; did you mean completed? allowed: completed, skipped, failed, cancelled, rejected\n" +
      "signalbox.yaml:6:12 webhooks.done.types: needs at least 1 in the list\n" +
      "signalbox.yaml:7:14 webhooks.done.timeout: may be at most 2 min\n" +
      "signalbox.yaml:8:5 webhooks.done.retries: unknown key; allowed: url, secret, states, types, timeout",
  ],
  [
    "a webhook for an unknown type",
    "types:\n  story: {runner: nats}\nwebhooks:\n  done: {url: http://127.0.0.1:1/, types: [story, storie]}\n",
    "signalbox.yaml:4:51 webhooks.done.types.1: unknown type; did you mean story? allowed: story",
  ],
  [
    "more webhooks than there may be",
    `webhooks:\n${Array.from({ length: 21 }, (_, n) => `  w${n}: {url: http://127.0.0.1:1/}`).join("\n")}\n`,
    "signalbox.yaml:2:3 webhooks: may be at most 20",
  ],
  [
    "a cron expression with six fields",
    'schedules:\n  digest: {template: nightly, cron: "0 0 6 * * *"}\n',
    'signalbox.yaml:2:37 schedules.digest.cron: must have five fields (minute hour day month weekday), for example "0 6 * * *" for six every morning',
  ],
  [
    "durations that are none",
    "lease: 10 minutes\ngrace: -5\n",
    `signalbox.yaml:1:8 lease: "10 minutes" is not a duration; write ${durations}\n` +
      `signalbox.yaml:2:8 grace: -5 is not a duration; write ${durations}`,
  ],
  [
    "durations out of bounds",
    "lease: 100ms\ntypes:\n  a: {runner: nats, timeout: 30d}\n  b: {runner: nats, timeout: 0}\n",
    "signalbox.yaml:1:8 lease: must be from 1 s to 24 d\n" +
      "signalbox.yaml:3:30 types.a.timeout: must be from 1 ms to 24 d\n" +
      "signalbox.yaml:4:30 types.b.timeout: must be from 1 ms to 24 d",
  ],
  [
    "common keys of a type that do not fit",
    "types:\n  a:\n    runner: nats\n    priority: 1001\n    maxAttempts: 0\n    labels: {book: 9}\n    backoff: {base: 20m, cap: 1m}\n    params: {x: .inf}\n",
    "signalbox.yaml:4:15 types.a.priority: must be at most 1000\n" +
      "signalbox.yaml:5:18 types.a.maxAttempts: must be at least 1\n" +
      "signalbox.yaml:6:20 types.a.labels.book: must be text: write it in quotes\n" +
      "signalbox.yaml:7:31 types.a.backoff.cap: must not be below base\n" +
      "signalbox.yaml:8:13 types.a.params: must be a mapping of JSON values (no .inf or .nan), at most 64 levels deep",
  ],
  [
    "a namespace with capitals",
    "namespace: Signalbox\n",
    "signalbox.yaml:1:12 namespace: must be up to 32 small letters, digits and -, beginning with a letter",
  ],
  [
    "nats as another word",
    "nats: external\n",
    "signalbox.yaml:1:7 nats: must be embedded, or a mapping with at least url",
  ],
  [
    "nats with a mistyped key",
    "nats:\n  url: nats://127.0.0.1:4222\n  tokn: x\n",
    "signalbox.yaml:3:3 nats.tokn: unknown key; did you mean token? allowed: url, creds, token, user, password, nkey, tls, replicas",
  ],
  [
    "nats with another scheme",
    "nats:\n  url: http://127.0.0.1:4222\n",
    "signalbox.yaml:2:8 nats.url: must be an address such as nats://127.0.0.1:4222 or tls://host:4222",
  ],
  [
    "nats with several logins, one of them half",
    "nats: {url: localhost, token: s3cret, user: ann}\n",
    "signalbox.yaml:1:7 nats: needs both user and password\n" +
      "signalbox.yaml:1:7 nats: has several ways to log in (token, user); keep one",
  ],
  [
    "a certificate without its key",
    "nats: {url: localhost, tls: {cert: c.pem}}\n",
    "signalbox.yaml:1:29 nats.tls: needs both cert and key",
  ],
  [
    "a malformed reference to the environment",
    // biome-ignore lint/suspicious/noTemplateCurlyInString: this is the file's own syntax
    "nats: {url: localhost, token: '${TOKEN}'}\n",
    // biome-ignore lint/suspicious/noTemplateCurlyInString: this is the file's own syntax
    "signalbox.yaml:1:31 nats.token: has a malformed reference; write ${env:NAME}",
  ],
  [
    "the same key twice",
    "lease: 30s\ngrace: 10s\nlease: 20s\n",
    "signalbox.yaml:3:1 lease: this key is there twice; keep one",
  ],
  [
    "the same type twice",
    "types:\n  story: {runner: nats}\n  story: {runner: nats}\n",
    "signalbox.yaml:3:3 types.story: this key is there twice; keep one",
  ],
  ["a tab", "limits:\n\tglobal: 1\n", "signalbox.yaml:2:1: a tab in the indentation; YAML wants spaces"],
  [
    "a bracket that is not closed",
    "types:\n  a: {runner: nats\nlease: 30s\n",
    "signalbox.yaml:3:1 lease: not YAML: Flow map in block collection must be sufficiently indented and end with a }",
  ],
  ["a list instead of a mapping", "- lease: 30s\n", "signalbox.yaml:1:1: must be a mapping (key: value), not a list"],
  [
    "two documents",
    "lease: 30s\n---\ngrace: 10s\n",
    "signalbox.yaml:2:1: a second document begins here (---); only one is allowed",
  ],
  ["an unknown tag", "lease: !minutes 3\n", "signalbox.yaml:1:8: not YAML: Unresolved tag: !minutes"],
  ["a key that is a list", "? [a]\n: 1\n", "signalbox.yaml:1:3 ?: a key must be plain text"],
  [
    "a key that JavaScript would swallow",
    "types:\n  __proto__: {runner: nats}\n",
    "signalbox.yaml:2:3 types.__proto__: this name is not allowed",
  ],
  [
    "an alias that contains itself",
    "types:\n  a: {runner: nats, params: {x: &loop [*loop]}}\n",
    "signalbox.yaml:2:40: *loop contains itself",
  ],
  ["an alias without an anchor", "lease: *usual\n", "signalbox.yaml:1:8: *usual has no anchor &usual before it"],
];

describe("a wrong signalbox.yaml", () => {
  test.each(cases)("given %s, when it is loaded, then the error says where and what", (_title, content, expected) => {
    expect(errorsOf(content)).toBe(expected);
  });

  test("given an error inside a part that is shared by an alias, when it is loaded, then the place of the text is named", () => {
    expect(errorsOf("types:\n  a: &a {runner: nats, priority: high}\n  b: *a\n")).toBe(
      "signalbox.yaml:2:34 types.a.priority: must be a whole number, not text\n" +
        "signalbox.yaml:2:34 types.b.priority: must be a whole number, not text",
    );
  });

  test("given nesting without end, when it is loaded, then that is said once", () => {
    expect(errorsOf(`types: ${"[".repeat(200_000)}`)).toMatch(/^signalbox\.yaml:1:\d+: is nested too deeply$/);
  });

  test("given aliases that multiply without end, when it is loaded, then it is refused", () => {
    const lines = Array.from({ length: 12 }, (_, index) =>
      index === 0 ? "a0: &a0 [x, x, x, x, x, x, x, x]" : `a${index}: &a${index} [${`*a${index - 1}, `.repeat(8)}]`,
    );
    expect(errorsOf(lines.join("\n"))).toMatch(/^signalbox\.yaml: .*alias/);
  });

  test("given bytes that are not UTF-8, when it is loaded, then the line is named", () => {
    const bytes = new Uint8Array([...new TextEncoder().encode("lease: 30s\n# Umlaut: "), 0xe4, 0x0a]);
    expect(errorsOf(bytes)).toBe("signalbox.yaml:2:1: is not UTF-8 text from this line on");
  });

  test("given a file beyond all measure, when it is loaded, then it is refused", () => {
    expect(errorsOf(`# ${"x".repeat(1024 * 1024)}`)).toBe("signalbox.yaml: is longer than 1048576 bytes");
  });

  test("given a hundred mistakes, when it is loaded, then the first twenty are told and the rest counted", () => {
    const types = Array.from({ length: 100 }, (_, index) => `  t${index}: {runner: nope}`);
    const lines = errorsOf(["types:", ...types].join("\n")).split("\n");
    expect(lines).toHaveLength(21);
    expect(lines[0]).toMatch(/^signalbox\.yaml:2:16 types\.t0\.runner: unknown runner/);
    expect(lines[19]).toMatch(/^signalbox\.yaml:21:17 types\.t19\.runner: /);
    expect(lines[20]).toBe("signalbox.yaml: and 80 more, not shown");
  });

  test("given control characters in a key, when it is refused, then they do not reach the terminal", () => {
    expect(errorsOf('"a\\e[31m\\nb": 1\n')).toMatch(/^signalbox\.yaml:1:1 a\uFFFD\[31m\uFFFDb: unknown key; allowed: /);
  });

  test("given a wrong secret, when it is refused, then the error does not repeat it", () => {
    const errors = errorsOf("nats:\n  url: http://ann:s3cret@host\n  token: 5544332211\n  password: [s3cret]\n");
    expect(errors).toContain("nats.token: must be text");
    expect(errors).not.toMatch(/s3cret|5544332211/);
  });
});
