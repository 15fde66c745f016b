/** Takes secrets out of lines that a user will read. */

/** Shorter values would blank out ordinary words. */
const LENGTH_MIN = 6;

export function redactor(secrets: readonly (string | null)[]): (line: string) => string {
  const values = secrets.filter((secret): secret is string => secret !== null && secret.length >= LENGTH_MIN);
  // Longest first, so that a secret that contains another leaves no tail.
  values.sort((a, b) => b.length - a.length);
  return (line) => values.reduce((text, value) => text.replaceAll(value, '[redacted]'), line);
}
