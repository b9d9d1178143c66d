/** docker-compose.yml and the files it mounts: what must hold is checked in the text, and by Docker Compose and nats-server. */
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { loadConfiguration } from "../../src/config/load.js";
import { PINNED_VERSION } from "../../src/embedded/version.js";
import { providedServers } from "../support/nats-server.js";
import { passwordOf, passwordVariable, ROLES } from "./roles-server.js";

const run = promisify(execFile);
const folder = fileURLToPath(new URL("../../", import.meta.url));
const commandMs = 20_000;

const composeSchema = z.object({
  services: z.record(
    z.string(),
    z.looseObject({
      image: z.string(),
      environment: z.record(z.string(), z.string()),
      ports: z.array(z.string()).default([]),
      depends_on: z.record(z.string(), z.object({ condition: z.string() })).default({}),
      healthcheck: z.object({ test: z.array(z.string()) }).optional(),
      stop_grace_period: z.string().optional(),
      cap_drop: z.array(z.string()),
      security_opt: z.array(z.string()),
      read_only: z.boolean().default(false),
      user: z.string().optional(),
    }),
  ),
});
const { services } = composeSchema.parse(parse(readFileSync(`${folder}docker-compose.yml`, "utf8")));
const { nats, ollama, signalbox } = services;
const passwords = Object.fromEntries(ROLES.map((role) => [passwordVariable(role), passwordOf(role)]));

describe("docker-compose.yml", () => {
  test("given its services, then they are the scheduler, NATS and Ollama, each pinned, without privileges", () => {
    expect(Object.keys(services).sort()).toEqual(["nats", "ollama", "signalbox"]);
    expect(nats?.image).toBe(`nats:${PINNED_VERSION}-alpine`);
    for (const { image, cap_drop, security_opt } of Object.values(services)) {
      expect(image).not.toMatch(/^[^:]+$|:latest$/);
      expect(cap_drop).toEqual(["ALL"]);
      expect(security_opt).toEqual(["no-new-privileges:true"]);
    }
    expect(signalbox).toMatchObject({ user: "node", read_only: true });
  });

  test("given its ports, then all are on the loopback of the machine", () => {
    const ports = Object.values(services).flatMap((service) => service.ports);
    expect(ports.length).toBeGreaterThan(0);
    for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:/);
  });

  test("given the scheduler, then it waits for healthy servers, and has longer to stop than its grace", () => {
    for (const name of Object.keys(signalbox?.depends_on ?? {})) expect(services[name]?.healthcheck).toBeDefined();
    expect(signalbox?.depends_on).toEqual({
      nats: { condition: "service_healthy" },
      ollama: { condition: "service_healthy" },
    });
    const loaded = loadConfiguration({ path: `${folder}docs/deploy/signalbox.yaml`, env: {}, cwd: folder });
    if (loaded.kind !== "loaded") throw new Error(JSON.stringify(loaded));
    expect(loaded.warnings).toEqual([]);
    expect(Number.parseInt(signalbox?.stop_grace_period ?? "", 10) * 1_000).toBeGreaterThan(
      loaded.configuration.graceMs,
    );
  });

  test("given Ollama, then it serves one request at a time, as many as its pool has units", () => {
    const { limits } = z
      .object({ limits: z.object({ resources: z.object({ ollama: z.number() }) }) })
      .parse(parse(readFileSync(`${folder}docs/deploy/signalbox.yaml`, "utf8")));
    expect(ollama?.environment["OLLAMA_NUM_PARALLEL"]).toBe(String(limits.resources.ollama));
  });

  test("given the roles, then each has a password, which must be given and stands in no file", () => {
    const example = readFileSync(`${folder}docs/deploy/env.example`, "utf8");
    const roles = readFileSync(`${folder}docs/deploy/roles.conf`, "utf8");
    expect(roles.match(/password: .*/g)).toEqual(
      expect.arrayContaining(Object.keys(passwords).map((name) => `password: $${name}`)),
    );
    expect(roles.match(/password: /g)).toHaveLength(ROLES.length);
    for (const name of Object.keys(passwords)) {
      expect(nats?.environment[name]).toMatch(new RegExp(`^\\$\\{${name}:\\?.+\\}$`));
      expect(example).toMatch(new RegExp(`^${name}=$`, "m"));
    }
  });

  test("given Docker Compose on this machine, then it accepts the file, and refuses it without passwords", async (context) => {
    const compose = async (env: Readonly<Record<string, string>>) => {
      const argv = [
        "compose",
        "--env-file",
        "/dev/null",
        "-f",
        `${folder}docker-compose.yml`,
        "config",
        "--format",
        "json",
      ];
      return run("docker", argv, { cwd: folder, timeout: commandMs, env: { ...process.env, ...env } });
    };
    const missing = await run("docker", ["compose", "version"], { timeout: commandMs }).then(
      () => null,
      (error: unknown) =>
        `no Docker Compose here: ${error instanceof Error ? error.message.split("\n")[0] : String(error)}`,
    );
    if (missing !== null) return context.skip(missing);
    const { stdout } = await compose(passwords);
    const expected = `nats://dispatcher:${passwordOf("dispatcher")}@nats:4222`;
    expect(composeSchema.pick({}).loose().parse(JSON.parse(stdout))).toMatchObject({
      services: { signalbox: { environment: { NATS_URL: expected } } },
    });
    await expect(compose(Object.fromEntries(Object.keys(passwords).map((name) => [name, ""])))).rejects.toThrow(
      "env.example",
    );
  });
});

describe("docs/deploy/nats-server.conf", () => {
  const check = async (environment: Readonly<Record<string, string>>) => {
    const provided = (await providedServers()).get("current");
    if (provided === undefined || !("binary" in provided)) throw new Error(`no nats-server: ${provided?.reason}`);
    const argv = ["-t", "-c", `${folder}docs/deploy/nats-server.conf`];
    const { stdout, stderr } = await run(provided.binary.path, argv, { timeout: commandMs, env: environment });
    return stdout + stderr;
  };

  test("given all passwords, then the server accepts it, and every stored message is synced to the disk", async () => {
    expect(await check(passwords)).toContain("is valid");
    expect(readFileSync(`${folder}docs/deploy/nats-server.conf`, "utf8")).toMatch(/^ +sync_interval: always$/m);
  });

  test.each(ROLES)("given no password for the %s, then the server does not start", async (role) => {
    const { [passwordVariable(role)]: _left, ...others } = passwords;
    await expect(check(others)).rejects.toThrow(passwordVariable(role));
  });
});
