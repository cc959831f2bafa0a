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
const SETTINGS: Remedy = { title: "Open Settings", kind: "openSettings", query: "graphReviewer.path" };
const OUTPUT: Remedy = { title: "Show Output", kind: "showOutput" };

/** Why there is no executable; undefined when there is one. `hasUv` says which installer to propose. */
export function explainFound(found: Found, hasUv: boolean): Complaint | undefined {
  switch (found.kind) {
    case "found":
      return undefined;
    case "missing":
      return {
        text: "Graph Reviewer needs the command reviewer: expected it on the PATH or in ~/.local/bin, found none.",
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
        text: `${path}: expected version ${identity.minimum} or newer, found ${identity.version}.`,
        remedies: [upgrade(hasUv), SETTINGS],
      };
    case "stranger":
      return {
        text: `${path}: expected the command reviewer of graph-reviewer, found a program that answers --version with ${quote(identity.output)}.`,
        remedies: [install(hasUv), SETTINGS],
      };
    case "withoutEditor":
      return {
        text: `${path} is installed without its part for editors: expected ${PACKAGE}.`,
        remedies: [install(hasUv, true), SETTINGS],
      };
  }
}

/** What is said when the server of a suitable executable does not start all the same. */
export function explainFailure(error: unknown): Complaint {
  const what = error instanceof Error ? error.message : String(error);
  return { text: `Graph Reviewer could not be started: ${what}`, remedies: [OUTPUT] };
}

function install(hasUv: boolean, isAgain = false): Remedy {
  const command = hasUv
    ? `uv tool install ${isAgain ? "--reinstall " : ""}"${PACKAGE}"`
    : `pipx install ${isAgain ? "--force " : ""}"${PACKAGE}"`;
  return { title: "Install...", kind: "type", command };
}

function upgrade(hasUv: boolean): Remedy {
  const command = hasUv ? "uv tool upgrade graph-reviewer" : "pipx upgrade graph-reviewer";
  return { title: "Upgrade...", kind: "type", command };
}

/** The first line of foreign output, short and without control characters. */
function quote(output: string): string {
  // eslint-disable-next-line no-control-regex -- they are what is taken out
  const line = (output.split("\n")[0] ?? "").replace(/[\u0000-\u001f\u007f]/g, " ");
  return JSON.stringify(line.length > 80 ? `${line.slice(0, 80)}...` : line);
}
