/** Versions of the `reviewer` command, as it prints them. */

/** The oldest version whose server this extension understands. */
export const MINIMUM_VERSION = "0.1.0";

/** The version in the output of `reviewer --version`; undefined when another program answered. */
export function parseVersion(output: string): string | undefined {
  return /^reviewer (\d+(?:\.\d+)*\S*)$/m.exec(output)?.[1];
}

/** Whether a version is as new as another. A version of a checkout (`0+unknown`) is taken for new enough. */
export function isAtLeast(version: string, minimum: string): boolean {
  if (version.startsWith("0+")) {
    return true;
  }
  const [have, want] = [readNumbers(version), readNumbers(minimum)];
  for (let place = 0; place < Math.max(have.length, want.length); place++) {
    const difference = (have[place] ?? 0) - (want[place] ?? 0);
    if (difference !== 0) {
      return difference > 0;
    }
  }
  return !isBefore(version);
}

function readNumbers(version: string): number[] {
  return (/^\d+(?:\.\d+)*/.exec(version)?.[0] ?? "").split(".").map(Number);
}

/** Whether a version precedes the release of its numbers (`1.2.0rc1`, `1.2.0.dev3`). */
function isBefore(version: string): boolean {
  return /^\d+(?:\.\d+)*\.?(?:a|b|rc|dev)\d/.test(version);
}
