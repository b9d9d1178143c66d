import { join } from "node:path";
import { describe, expect, test } from "vitest";
import {
  type ConnectionSources,
  chooseConnection,
  describeProblems,
  loadConfiguration,
} from "../../src/config/index.js";
import { folderWith } from "./folder.js";

/** Chooses in a folder that is working folder, home and configuration folder in one. */
function choose(
  files: Readonly<Record<string, string>>,
  given: Pick<ConnectionSources, "nats" | "context" | "creds"> & { readonly env?: Record<string, string> } = {},
) {
  const cwd = folderWith(files);
  const { env: more, ...flags } = given;
  const env = { HOME: cwd, ...more };
  const loaded = loadConfiguration({ env, cwd });
  if (loaded.kind === "refused") throw new Error(describeProblems(loaded.problems));
  const choice = chooseConnection({ ...flags, env, cwd, loaded });
  const text = choice.kind === "refused" ? describeProblems(choice.problems).replaceAll(cwd, "~") : "(no error)";
  return { choice, cwd, text };
}

const context = (content: object) => JSON.stringify({ description: "", url: "", token: "", nsc: "", ...content });
const files = {
  "signalbox.yaml": "nats: {url: nats://file:1}\n",
  ".config/nats/context/prod.json": context({ url: "nats://context:2" }),
  ".config/nats/context.txt": "prod\n",
};

describe("which server", () => {
  test("given every source, when choosing, then --nats, --context, NATS_URL, the file, embedded win in this order", () => {
    const env = { NATS_URL: "nats://variable:3" };
    const sources = [
      choose(files, { nats: "option:4", env }),
      choose(files, { context: "prod", env }),
      choose(files, { env }),
      choose(files),
      choose({ ".config/nats/context.txt": "prod" }),
    ];
    expect(sources.map(({ choice }) => choice)).toEqual([
      { kind: "server", source: "--nats", settings: { servers: ["nats://option:4"] } },
      { kind: "server", source: "context prod", settings: { servers: ["nats://context:2"] } },
      { kind: "server", source: "NATS_URL", settings: { servers: ["nats://variable:3"] } },
      { kind: "server", source: "nats of signalbox.yaml", settings: { servers: ["nats://file:1"] } },
      { kind: "embedded" },
    ]);
  });

  test("given --nats and --context, when choosing, then it is refused", () => {
    expect(choose(files, { nats: "a", context: "prod" }).text).toBe(
      "--context: cannot go together with --nats; keep one",
    );
  });

  test("given embedded by option or variable, when the file names a server, then it is embedded", () => {
    expect(choose(files, { nats: "embedded" }).choice).toEqual({ kind: "embedded" });
    expect(choose(files, { env: { NATS_URL: "embedded" } }).choice).toEqual({ kind: "embedded" });
  });

  test.each([
    ["localhost", { servers: ["nats://localhost:4222"] }],
    ["tls://h", { servers: ["nats://h:4222"], tls: {} }],
    ["nats://a:1, b:2", { servers: ["nats://a:1", "nats://b:2"] }],
    ["nats://[::1]:5/", { servers: ["nats://[::1]:5"] }],
    ["nats://ann:p%40ss@h", { servers: ["nats://h:4222"], user: "ann", pass: "p@ss" }],
    ["nats://s3cret@h:1", { servers: ["nats://h:1"], token: "s3cret" }],
  ])("given the address %s, when choosing, then servers and secrets are apart", (nats, settings) => {
    expect(choose({}, { nats }).choice).toEqual({ kind: "server", source: "--nats", settings });
  });

  test.each([
    "",
    "http://h",
    "nats://",
    "nats://h/path",
    "nats://h:port",
    "ws://h",
    "nats://a,,b",
    "nats://%zz:s3cret@h",
  ])("given the address %j, when choosing, then it is refused without repeating it", (nats) => {
    const { text } = choose({}, { nats });
    expect(text).toMatch(/^--nats: (must be an address such as|has a % in user)/);
    expect(text).not.toContain("s3cret");
  });
});

describe("who we are", () => {
  test("given NATS_CREDS, when the address is of option or variable, then it is used, but not for the file's server", () => {
    const withCreds = { ...files, "me.creds": "x" };
    const env = { NATS_CREDS: "me.creds", NATS_URL: "h" };
    const byVariable = choose(withCreds, { env });
    expect(byVariable.choice).toMatchObject({ settings: { credsPath: join(byVariable.cwd, "me.creds") } });
    const byFile = choose(withCreds, { env: { NATS_CREDS: "me.creds" } });
    expect(byFile.choice).toMatchObject({ settings: { servers: ["nats://file:1"] } });
    expect(byFile.choice).not.toHaveProperty("settings.credsPath");
    expect(choose({}, { env: { NATS_URL: "h", NATS_CREDS: "none.creds" } }).text).toBe(
      "NATS_CREDS: the file ~/none.creds is not there or not readable",
    );
  });

  test("given --creds, when the server has another login, then --creds goes in its place", () => {
    const { choice, cwd } = choose(
      { "signalbox.yaml": "nats: {url: h, token: other}\n", "me.creds": "x" },
      { creds: "~/me.creds" },
    );
    expect(choice).toMatchObject({ settings: { servers: ["nats://h:4222"], credsPath: join(cwd, "me.creds") } });
    expect(choice).not.toHaveProperty("settings.token");
    expect(choose({}, { nats: "h", creds: "none" }).text).toBe("--creds: the file ~/none is not there or not readable");
  });

  test("given secrets by reference, when choosing, then the environment fills them, and the file keeps the reference", () => {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: this is the file's own syntax
    const text = "nats:\n  url: tls://${env:HOST}:7\n  user: ann\n  password: ${env:PASS}\n";
    const { choice } = choose({ "signalbox.yaml": text }, { env: { HOST: "h", PASS: "s3cret" } });
    expect(choice).toMatchObject({ settings: { servers: ["nats://h:7"], user: "ann", pass: "s3cret", tls: {} } });
    expect(choose({ "signalbox.yaml": text }, { env: { HOST: "h" } }).text).toBe(
      "signalbox.yaml:4:13 nats.password: the environment variable PASS is not set",
    );
  });

  test("given files in the configuration, when choosing, then they are relative to it and must be there", () => {
    const text = "nats: {url: h, nkey: keys/me.nk, tls: {ca: keys/ca.pem, cert: keys/c.pem, key: keys/k.pem}}\n";
    const present = { "keys/me.nk": "", "keys/ca.pem": "", "keys/c.pem": "", "keys/k.pem": "" };
    const { choice, cwd } = choose({ "signalbox.yaml": text, ...present });
    const path = (name: string) => join(cwd, "keys", name);
    expect(choice).toEqual({
      kind: "server",
      source: "nats of signalbox.yaml",
      settings: {
        servers: ["nats://h:4222"],
        nkeyPath: path("me.nk"),
        tls: { caFile: path("ca.pem"), certFile: path("c.pem"), keyFile: path("k.pem") },
      },
    });
    expect(choose({ "signalbox.yaml": text, ...present, "keys/me.nk": "" }).text).toBe("(no error)");
    const { "keys/ca.pem": _left, ...rest } = present;
    expect(choose({ "signalbox.yaml": text, ...rest }).text).toBe(
      "signalbox.yaml:1:44 nats.tls.ca: the file ~/keys/ca.pem is not there or not readable",
    );
  });
});

describe("contexts of the nats tool", () => {
  const chosen = (content: object, more: Readonly<Record<string, string>> = {}) =>
    choose({ ".config/nats/context/c.json": context(content), ...more }, { context: "c" });

  test("given each login, when the context is read, then it becomes ours", () => {
    expect(chosen({ url: "a,b", user: "ann", password: "p" }).choice).toMatchObject({
      settings: { servers: ["nats://a:4222", "nats://b:4222"], user: "ann", pass: "p" },
    });
    expect(chosen({ token: "t" }).choice).toMatchObject({
      settings: { servers: ["nats://127.0.0.1:4222"], token: "t" },
    });
    const creds = chosen({ creds: "~/me.creds", nkey: "" }, { "me.creds": "" });
    expect(creds.choice).toMatchObject({ settings: { credsPath: join(creds.cwd, "me.creds") } });
    const nkey = chosen({ nkey: "me.nk" }, { "me.nk": "" });
    expect(nkey.choice).toMatchObject({ settings: { nkeyPath: join(nkey.cwd, "me.nk") } });
    const tls = chosen({ ca: "ca.pem", tls_first: true }, { "ca.pem": "" });
    expect(tls.choice).toMatchObject({ settings: { tls: { caFile: join(tls.cwd, "ca.pem"), handshakeFirst: true } } });
  });

  test("given XDG_CONFIG_HOME, when a context is read, then it is looked for there", () => {
    const xdg = folderWith({ "nats/context/c.json": context({ url: "xdg" }) });
    expect(choose({}, { context: "c", env: { XDG_CONFIG_HOME: xdg } }).choice).toMatchObject({
      settings: { servers: ["nats://xdg:4222"] },
    });
  });

  test("given no name, when a context is asked for, then it is the selected one", () => {
    expect(choose(files, { context: null }).choice).toMatchObject({ source: "context prod" });
    expect(choose({}, { context: null }).text).toBe(
      "--context: no context is selected; name one, or use: nats context select",
    );
  });

  test("given contexts that cannot be used, when read, then the error says why", () => {
    expect(choose(files, { context: "prd" }).text).toBe(
      "context prd: there is no context of this name in ~/.config/nats/context; did you mean prod? allowed: prod",
    );
    expect(choose(files, { context: "../prod" }).text).toBe("context ../prod: is not a name of a context");
    const file = "~/.config/nats/context/c.json";
    expect(choose({ ".config/nats/context/c.json": "{" }, { context: "c" }).text).toBe(`${file}: is not JSON`);
    expect(chosen({ url: 5 }).text).toBe(`${file} url: must be text`);
    expect(chosen({ nsc: "nsc://o/a/u" }).text).toBe(
      `${file} nsc: this setting of a context is not supported; use --nats`,
    );
    expect(chosen({ creds: "none" }).text).toBe(`${file} creds: the file ~/none is not there or not readable`);
  });
});
