/** Secrets stay out of the file: `${env:NAME}` in a text stands for the environment variable NAME. */

export type Environment = Readonly<Record<string, string | undefined>>;

const reference = /\$\{env:([A-Za-z_][A-Za-z0-9_]*)\}/g;

/** A text with `${` that is not a well-formed reference: a mistake, which would else be sent as a password. */
export function hasMalformedReference(text: string): boolean {
  return text.replaceAll(reference, "").includes("${");
}

export function hasReference(text: string): boolean {
  return text.search(reference) >= 0;
}

/** The text with every `${env:NAME}` replaced; or the name of the first variable that is missing or empty. */
export function fillFromEnvironment(
  text: string,
  environment: Environment,
): { readonly text: string } | { readonly missing: string } {
  for (const [, name = ""] of text.matchAll(reference)) {
    if ((environment[name] ?? "") === "") return { missing: name };
  }
  return { text: text.replaceAll(reference, (_whole, name: string) => environment[name] ?? "") };
}
