/** Where the Ollama server is: from the configuration, else from OLLAMA_HOST in the forms that Ollama itself takes. */
import { type Environment, RunnerOptionsError } from "./environment.js";

const portDefault = 11434;

/**
 * The server's address.
 * @param host the `host` option, if it is given
 * @throws RunnerOptionsError when OLLAMA_HOST cannot be read as an address
 */
export function ollamaAddress(host: string | undefined, environment: Environment): URL {
  const text = (host ?? environment["OLLAMA_HOST"] ?? "").trim();
  if (text === "") return new URL(`http://127.0.0.1:${portDefault}`);
  const scheme = /^(https?):\/\//i.exec(text)?.[0] ?? "";
  const rest = text.slice(scheme.length);
  const address = `${scheme === "" ? "http://" : scheme}${rest.startsWith(":") ? "127.0.0.1" : ""}${rest}`;
  if (!URL.canParse(address)) {
    throw new RunnerOptionsError(
      `OLLAMA_HOST is ${JSON.stringify(text)}, which is not an address: write it as 127.0.0.1:11434 or http://host:port`,
    );
  }
  const url = new URL(address);
  // What a server listens on is not where one calls: "all addresses" means this machine to us.
  if (url.hostname === "0.0.0.0" || url.hostname === "[::]") url.hostname = "127.0.0.1";
  // As in Ollama: with a scheme its usual port, without one Ollama's.
  if (scheme === "" && url.port === "" && !/:80(\/|$)/.test(rest)) url.port = String(portDefault);
  return url;
}
