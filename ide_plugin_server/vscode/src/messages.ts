/** What the user reads when the server cannot be started, with what can be done about it. */
import type { Found, Identity } from "./executable";

/** What a button does: types the command into a terminal (the user presses Enter), or opens something. */
export type Remedy =
  | { readonly title: string; readonly kind: "type"; readonly command: string }
  | { readonly title: string; readonly kind: "openSettings"; readonly query: string }
  | { readonly title: string; readonly kind: "showOutput" };

/** One message. */
export interface Complaint {
  readonly text: string;
  readonly remedies: readonly Remedy[];
}

const PACKAGE = "graph-reviewer[ide]";
// No index has it: whoever holds the name there is somebody else, so that no command may go by the name alone.
const SOURCE = `${PACKAGE} @ git+https://HOST/OWNER/graph-reviewer@COMMIT`;
const FILL_IN = "In the command to install it, HOST, OWNER and COMMIT are yours to fill in.";
const SETTINGS: Remedy = { title: "Open Settings", kind: "openSettings", query: "graphReviewer.path" };
const OUTPUT: Remedy = { title: "Show Output", kind: "showOutput" };

/** Why there is no executable; undefined when there is one. `hasUv` says which installer to propose. */
export function explainFound(found: Found, hasUv: boolean): Complaint | undefined {
  switch (found.kind) {
    case "found":
      return undefined;
    case "missing":
      return {
        text: "Graph Reviewer needs the command reviewer: expected it on the PATH or in ~/.local/bin, found none. " + FILL_IN,
        remedies: [install(hasUv), SETTINGS],
      };
    case "wrongPath":
      return {
        text: `graphReviewer.path: expected the absolute path of an executable file, found ${found.path}.`,
        remedies: [SETTINGS],
      };
  }
}

/** Why an executable does not do; undefined when it does. */
export function explainIdentity(identity: Identity, path: string, hasUv: boolean): Complaint | undefined {
  switch (identity.kind) {
    case "suitable":
      return undefined;
    case "tooOld":
      return {
        text: `${path}: expected version ${identity.minimum} or newer, found ${identity.version}. ${FILL_IN}`,
        remedies: [install(hasUv, "again"), SETTINGS],
      };
    case "stranger":
      return {
        text: `${path}: expected the command reviewer of graph-reviewer, found a program that answers --version with ${quote(identity.output)}. ${FILL_IN}`,
        remedies: [install(hasUv), SETTINGS],
      };
    case "withoutEditor":
      return {
        text: `${path} is installed without its part for editors: expected ${PACKAGE}. ${FILL_IN}`,
        remedies: [install(hasUv, "again"), SETTINGS],
      };
  }
}

/** What is said when the server of a suitable executable does not start all the same. */
export function explainFailure(error: unknown): Complaint {
  const what = error instanceof Error ? error.message : String(error);
  return { text: `Graph Reviewer could not be started: ${what}`, remedies: [OUTPUT] };
}

/** Again: over what is there, since upgrading would keep the commit that it was installed from. */
function install(hasUv: boolean, when: "first" | "again" = "first"): Remedy {
  const isAgain = when === "again";
  const command = hasUv
    ? `uv tool install ${isAgain ? "--reinstall " : ""}"${SOURCE}"`
    : `pipx install ${isAgain ? "--force " : ""}"${SOURCE}"`;
  return { title: "Install...", kind: "type", command };
}

/** The first line of foreign output, short and without control characters. */
function quote(output: string): string {
  // eslint-disable-next-line no-control-regex -- they are what is taken out
  const line = (output.split("\n")[0] ?? "").replace(/[\u0000-\u001f\u007f]/g, " ");
  return JSON.stringify(line.length > 80 ? `${line.slice(0, 80)}...` : line);
}
