/** What VS Code keeps under `graphReviewer`, as the server wants it under `reviewer`. */

/** The section in VS Code, and the one that the server asks for. */
export const SECTION = "graphReviewer";
export const SERVER_SECTION = "reviewer";

/** Settings that the server never sees. */
export const OWN_SETTINGS: readonly string[] = ["path", "trace"];

/** Settings that count only in a trusted workspace, as the server has it too. */
export const TRUSTED_ONLY: readonly string[] = ["configuration", "model", "team"];

/** Settings that only a new server process takes in. */
export const NEEDING_RESTART = ["path", "team.url"] as const;

/** What decides beside the settings: trust, and the team's address that the running server was given a token for. */
export interface Standing {
  readonly isTrusted: boolean;
  readonly teamUrl: string;
}

/** What the server is told about this client. */
export interface InitializationOptions {
  readonly trusted: boolean;
  readonly asksForReason: true;
  readonly showsExplanation: true;
  readonly settings: Readonly<Record<string, unknown>>;
}

/** Settings without what is unset, the client's own, and what needs trust that the workspace does not have. */
export function toServerSettings(values: unknown, standing: Standing): Record<string, unknown> {
  const entries = isTable(values) ? Object.entries(values) : [];
  const settings: Record<string, unknown> = {};
  for (const [key, value] of entries) {
    const isHeld = OWN_SETTINGS.includes(key) || (TRUSTED_ONLY.includes(key) && !standing.isTrusted);
    const kept = key === "team" ? toTeam(value, standing.teamUrl) : value;
    if (!isHeld && !isUnset(kept)) {
      settings[key] = kept;
    }
  }
  return settings;
}

/** The team's service: only at the address that the token of the running server belongs to. */
function toTeam(value: unknown, url: string): Record<string, unknown> | undefined {
  return isTable(value) && url !== "" && value.url === url && !isUnset(value.repository)
    ? { url, repository: value.repository }
    : undefined;
}

/** What the server is told when it starts. */
export function toInitializationOptions(values: unknown, standing: Standing): InitializationOptions {
  return {
    trusted: standing.isTrusted,
    asksForReason: true,
    showsExplanation: true,
    settings: toServerSettings(values, standing),
  };
}

function isTable(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isUnset(value: unknown): boolean {
  return value === undefined || value === null || value === "";
}
