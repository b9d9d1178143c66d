import { chmodSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type ConfigurationSources, describeProblems, loadConfiguration } from "../../src/config/index.js";
import { folderWith } from "./folder.js";

function load(sources: ConfigurationSources) {
  const loaded = loadConfiguration(sources);
  if (loaded.kind === "refused") throw new Error(describeProblems(loaded.problems));
  return loaded;
}

function errorsOf(sources: ConfigurationSources): string {
  const loaded = loadConfiguration(sources);
  return loaded.kind === "refused" ? describeProblems(loaded.problems) : "(no error)";
}

/** The administrator may read everything; a test that is run as such becomes somebody else for a moment. */
function asOrdinaryUser<T>(act: () => T): T {
  const nobody = 65_534;
  const isRoot = process.geteuid?.() === 0;
  if (isRoot) process.seteuid?.(nobody);
  try {
    return act();
  } finally {
    if (isRoot) process.seteuid?.(0);
  }
}

const contractExample = `
namespace: signalbox
nats: embedded                 # or {url, creds, token, tls…}; NATS_URL and --nats override
limits:                        # absent: {global: 1}
  resources: {ollama: 1, claude-api: 3, cpu-bound: 2}
  # also: global: N, types: {story: 1}, maxOvertakes: 0
types:
  story:    {runner: ollama, model: llama3.2, resources: {ollama: 1}, timeout: 10m}
  research: {runner: http, url: "https://example.org/research", resources: {claude-api: 1}}
  thumbs:   {runner: command, argv: [convert, "-", png:-], resources: {cpu-bound: 1}}
  any:      {runner: nats}     # remote workers, any language
templates:
  nightly:  {type: story, params: {tone: dark}, resources: {cpu-bound: 1}, maxAttempts: 5}
schedules:
  digest:   {template: nightly, cron: "0 6 * * *", timezone: Europe/Berlin}
`;

describe("the example of the contract", () => {
  test("given the documented file, when it is loaded, then it means what is documented", () => {
    const cwd = folderWith({ "signalbox.yaml": contractExample });
    const { configuration, warnings, file, folder } = load({ env: {}, cwd });
    const { types, ...rest } = configuration;
    expect(file).toBe(join(cwd, "signalbox.yaml"));
    expect(folder).toBe(cwd);
    expect(rest).toEqual({
      namespace: "signalbox",
      nats: "embedded",
      limitsGiven: true,
      limits: { resources: { ollama: 1, "claude-api": 3, "cpu-bound": 2 } },
      leaseMs: 30_000,
      graceMs: 10_000,
      stateDir: join(cwd, ".signalbox"),
      historyKeep: 100_000,
      checkpoints: { facts: 50_000, everyMs: 60_000 },
      workerCapacity: 100,
      templates: {
        nightly: {
          type: "story",
          params: { tone: "dark" },
          resources: { "cpu-bound": 1 },
          priority: null,
          maxAttempts: 5,
          timeoutMs: null,
          labels: {},
        },
      },
      schedules: {
        digest: { template: "nightly", cron: "0 6 * * *", timezone: "Europe/Berlin", enabled: true, missed: "skip" },
      },
      webhooks: {},
    });
    const common = {
      maxAttempts: 3,
      backoff: { baseMs: 10_000, capMs: 600_000, factor: 2, jitter: false },
      params: {},
      labels: {},
      priority: 0,
    };
    expect(types["story"]).toEqual({
      runner: "ollama",
      options: { model: "llama3.2" },
      resources: { ollama: 1 },
      timeoutMs: 600_000,
      ...common,
    });
    expect(types["research"]).toMatchObject({
      runner: "http",
      options: { url: "https://example.org/research", method: "POST" },
      resources: { "claude-api": 1 },
      timeoutMs: null,
    });
    expect(types["thumbs"]).toMatchObject({ runner: "command", options: { argv: ["convert", "-", "png:-"] } });
    expect(types["any"]).toEqual({ runner: "nats", options: {}, resources: {}, timeoutMs: null, ...common });
    expect(describeProblems(warnings)).toBe("");
  });

  test("given every other key, when the file is loaded, then each has its unit and meaning", () => {
    const text = [
      "lease: 1m",
      "grace: 0",
      "stateDir: state",
      "history: {keep: 5}",
      "worker: {capacity: 2}",
      "limits: {global: 4, types: {a: 2}, maxOvertakes: 3}",
      "types:",
      "  a:",
      "    runner: command",
      "    argv: [sort]",
      "    killGrace: 2s",
      "    maxAttempts: 7",
      "    backoff: {base: 1h, factor: 1.5, jitter: true}",
      "    params: {deep: [1, {x: null}]}",
      "    labels: {book: '9'}",
      "    priority: -3",
      "webhooks:",
      "  plain: {url: http://127.0.0.1:9000/}",
      `  full: {url: http://h/, secret: "\${env:KEY}", states: [failed], types: [a], timeout: 5s}`,
    ].join("\n");
    const cwd = folderWith({ "signalbox.yaml": text });
    const { configuration, warnings } = load({ env: {}, cwd });
    expect(configuration).toMatchObject({
      leaseMs: 60_000,
      graceMs: 0,
      stateDir: join(cwd, "state"),
      historyKeep: 5,
      workerCapacity: 2,
      limits: { global: 4, types: { a: 2 }, maxOvertakes: 3 },
    });
    expect(configuration.types["a"]).toMatchObject({
      runner: "command",
      options: { argv: ["sort"], killGrace: 2_000 },
      maxAttempts: 7,
      // A base above the usual cap raises the cap.
      backoff: { baseMs: 3_600_000, capMs: 3_600_000, factor: 1.5, jitter: true },
      params: { deep: [1, { x: null }] },
      labels: { book: "9" },
      priority: -3,
    });
    expect(configuration.webhooks).toEqual({
      plain: {
        url: "http://127.0.0.1:9000/",
        secret: null,
        states: ["completed", "skipped", "failed", "cancelled", "rejected"],
        types: null,
        timeoutMs: 10_000,
      },
      // A reference is filled in when the scheduler starts: what is loaded may be shown.
      full: { url: "http://h/", secret: `\${env:KEY}`, states: ["failed"], types: ["a"], timeoutMs: 5_000 },
    });
    expect(warnings).toEqual([]);
  });
});

describe("where the configuration is found", () => {
  const named = (namespace: string) => `namespace: ${namespace}\n`;

  test("given all sources, when loaded, then --config wins over SIGNALBOX_CONFIG over signalbox.yaml over signalbox.yml", () => {
    const cwd = folderWith({
      "a.yaml": named("from-option"),
      "conf/b.yaml": named("from-variable"),
      "signalbox.yaml": named("from-yaml"),
      "signalbox.yml": named("from-yml"),
    });
    const env = { SIGNALBOX_CONFIG: "conf/b.yaml" };
    expect(load({ path: "a.yaml", env, cwd }).configuration.namespace).toBe("from-option");
    const byVariable = load({ env, cwd });
    expect(byVariable.configuration.namespace).toBe("from-variable");
    expect(byVariable.folder).toBe(join(cwd, "conf"));
    expect(byVariable.configuration.stateDir).toBe(join(cwd, "conf", ".signalbox"));
    const byName = load({ env: { SIGNALBOX_CONFIG: "" }, cwd });
    expect(byName.configuration.namespace).toBe("from-yaml");
    expect(describeProblems(byName.warnings)).toBe("signalbox.yml: is not used, because signalbox.yaml is there too");
  });

  test("given only signalbox.yml, when loaded, then it is used", () => {
    const cwd = folderWith({ "signalbox.yml": named("from-yml") });
    expect(load({ env: {}, cwd }).configuration.namespace).toBe("from-yml");
  });

  test("given no file, when loaded, then the defaults hold: strategy A with one slot", () => {
    const cwd = folderWith();
    const { configuration, file, warnings } = load({ env: {}, cwd });
    expect({ file, warnings }).toEqual({ file: null, warnings: [] });
    expect(configuration).toMatchObject({ namespace: "signalbox", nats: "embedded", limits: { global: 1 }, types: {} });
    expect(configuration.stateDir).toBe(join(cwd, ".signalbox"));
  });

  test("given an empty file, or one of comments, when loaded, then the defaults hold", () => {
    for (const text of ["", "# nothing yet\n", "\uFEFF{}\n"]) {
      const loaded = load({ env: {}, cwd: folderWith({ "signalbox.yaml": text }) });
      expect(loaded.configuration.limits).toEqual({ global: 1 });
    }
  });

  test("given a file that is named but is not there, or is a folder, when loaded, then the error says who named it", () => {
    const cwd = folderWith({ "conf/x": "" });
    expect(errorsOf({ path: "nope.yaml", env: {}, cwd })).toBe("nope.yaml: there is no such file (given by --config)");
    expect(errorsOf({ env: { SIGNALBOX_CONFIG: "conf" }, cwd })).toBe(
      "conf: is a folder, not a file (given by SIGNALBOX_CONFIG)",
    );
  });

  test("given signalbox.yaml as a folder, when loaded, then it is not passed over for signalbox.yml", () => {
    const cwd = folderWith({ "signalbox.yml": "" });
    mkdirSync(join(cwd, "signalbox.yaml"));
    expect(errorsOf({ env: {}, cwd })).toBe("signalbox.yaml: is a folder, not a file");
  });

  test("given a file that may not be read, when loaded, then the error says so", () => {
    const cwd = folderWith({ "signalbox.yaml": "" });
    chmodSync(join(cwd, "signalbox.yaml"), 0);
    expect(asOrdinaryUser(() => errorsOf({ env: {}, cwd }))).toBe(
      "signalbox.yaml: may not be read by this user; change its permissions",
    );
  });

  test("given a namespace at every place, when loaded, then --namespace wins over SIGNALBOX_NAMESPACE over the file", () => {
    const cwd = folderWith({ "signalbox.yaml": named("of-file") });
    const env = { SIGNALBOX_NAMESPACE: "of-variable" };
    expect(load({ namespace: "of-option", env, cwd }).configuration.namespace).toBe("of-option");
    expect(load({ env, cwd }).configuration.namespace).toBe("of-variable");
    expect(load({ env: {}, cwd }).configuration.namespace).toBe("of-file");
    expect(errorsOf({ env: { SIGNALBOX_NAMESPACE: "a.b" }, cwd })).toBe(
      'SIGNALBOX_NAMESPACE: "a.b" must be up to 32 small letters, digits and -, beginning with a letter',
    );
  });
});

describe("what is sound but perhaps not meant", () => {
  const warningsOf = (text: string) =>
    describeProblems(load({ env: {}, cwd: folderWith({ "signalbox.yaml": text }) }).warnings);

  test("given limits without any cap, when loaded, then a warning says so", () => {
    expect(warningsOf("limits: {maxOvertakes: 1}\n")).toBe(
      "signalbox.yaml:1:1 limits: puts no cap on anything: only the workers' capacity bounds how many jobs run at once",
    );
  });

  test("given a plain number that was probably meant as seconds, when loaded, then a warning says so", () => {
    expect(warningsOf("types:\n  a: {runner: nats, timeout: 30}\n  b: {runner: nats, timeout: 30ms}\n")).toBe(
      "signalbox.yaml:2:30 types.a.timeout: is 30 ms; write 30s if seconds are meant",
    );
  });
});

describe("resource tags", () => {
  const text = (resources: string) =>
    `limits: {${resources}}\ntypes:\n  a: {runner: nats, resources: {gpu: 9}}\ntemplates:\n  t: {type: a, resources: {gpu: 0}}\n`;

  test("given no resource pools, when tags are used, then they are only notes", () => {
    for (const limits of ["global: 1", "types: {a: 1}", "resources: {}, global: 1"])
      expect(load({ env: {}, cwd: folderWith({ "signalbox.yaml": text(limits) }) }).kind).toBe("loaded");
  });

  test("given a pool, when a template takes its tag away with 0, then that is allowed", () => {
    const cwd = folderWith({ "signalbox.yaml": text("resources: {gpu: 9}") });
    expect(load({ env: {}, cwd }).configuration.templates["t"]?.resources).toEqual({ gpu: 0 });
  });

  test("given types that a program adds in code, when limits and templates name them, then they are known", () => {
    const cwd = folderWith({ "signalbox.yaml": "limits: {types: {coded: 1}}\ntemplates: {t: {type: coded}}\n" });
    expect(load({ env: {}, cwd, typesInCode: ["coded"] }).kind).toBe("loaded");
    expect(errorsOf({ env: {}, cwd })).toContain("unknown type");
  });
});

describe("problems that show later", () => {
  test("given a loaded file, when a later step finds a problem, then it can name the place", () => {
    const cwd = folderWith({ "signalbox.yaml": "types:\n  a: {runner: http, url: 'http://h', headers: {x: y}}\n" });
    const problem = load({ env: {}, cwd }).problemAt(["types", "a", "headers", "x"], "is not set");
    expect(describeProblems([problem])).toBe("signalbox.yaml:2:51 types.a.headers.x: is not set");
  });
});
