/** Finds the `reviewer` executable and asks it who it is. Nothing here looks into the workspace. */
import { execFile } from "node:child_process";
import { accessSync, constants, statSync } from "node:fs";
import * as path from "node:path";
import { isAtLeast, MINIMUM_VERSION, parseVersion } from "./version";

const WAIT_MS = 30_000; // for a hang only: a first start from a cold disk takes seconds

/** Where to look. */
export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
  readonly isWindows: boolean;
}

/** An executable, or why there is none. */
export type Found =
  | { readonly kind: "found"; readonly path: string }
  | { readonly kind: "missing" }
  | { readonly kind: "wrongPath"; readonly path: string };

/** What an executable says of itself. */
export type Identity =
  | { readonly kind: "suitable"; readonly version: string }
  | { readonly kind: "tooOld"; readonly version: string; readonly minimum: string }
  | { readonly kind: "stranger"; readonly output: string }
  | { readonly kind: "withoutEditor" };

/** The executable that the setting names, else the first on the PATH, else the one where pipx and uv put it. */
export function findExecutable(wish: string, around: Surroundings): Found {
  const wished = wish.trim();
  if (wished !== "") {
    const whole = wished.startsWith("~/") ? path.join(around.home, wished.slice(2)) : wished;
    return path.isAbsolute(whole) && isExecutable(whole) ? { kind: "found", path: whole } : { kind: "wrongPath", path: wished };
  }
  const found = findTool("reviewer", around);
  return found === undefined ? { kind: "missing" } : { kind: "found", path: found };
}

/** The first executable of a name. Relative entries of the PATH would lead into the workspace and do not count. */
export function findTool(name: string, { env, home, isWindows }: Surroundings): string | undefined {
  const value = env.PATH ?? env.Path ?? "";
  const folders = value.split(isWindows ? ";" : ":").filter((folder) => path.isAbsolute(folder));
  const fileName = isWindows ? `${name}.exe` : name;
  return [...folders, path.join(home, ".local", "bin")].map((folder) => path.join(folder, fileName)).find(isExecutable);
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

/** Whether an executable is the reviewer, new enough, and installed with the part that serves editors. */
export async function identify(executable: string): Promise<Identity> {
  const output = await readOutput(executable, ["--version"]);
  const version = parseVersion(output);
  if (version === undefined) {
    return { kind: "stranger", output };
  }
  if (!isAtLeast(version, MINIMUM_VERSION)) {
    return { kind: "tooOld", version, minimum: MINIMUM_VERSION };
  }
  return { kind: "suitable", version };
}

/** Why the server of a suitable executable may have failed to start: asked only afterwards, since it takes a second. */
export async function servesEditors(executable: string): Promise<boolean> {
  return (await readOutput(executable, ["lsp", "--help"])).includes("--stdio");
}

/** The first kilobytes of what a command prints; what it exits with does not matter. */
function readOutput(executable: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve) => {
    const options = { timeout: WAIT_MS, maxBuffer: 1 << 16, windowsHide: true };
    execFile(executable, args, options, (error, stdout, stderr) => {
      resolve(`${stdout}${stderr}`.trim() || (error?.message ?? ""));
    });
  });
}
