/** What the status bar says. */

/** The states of the extension. */
export type State = "off" | "starting" | "reviewing" | "ready" | "failed";

/** A state with what there is to say about it. */
export interface Status {
  readonly state: State;
  readonly message: string;
}

/** A status as the status bar shows it; `icon` is one of VS Code's product icons. */
export interface Shown {
  readonly text: string;
  readonly tooltip: string;
  readonly isWarning: boolean;
}

const ICONS: Readonly<Record<State, string>> = {
  off: "circle-slash",
  starting: "loading~spin",
  reviewing: "loading~spin",
  ready: "pass",
  failed: "warning",
};

/** The words for a status. */
export function describeStatus({ state, message }: Status): Shown {
  const more = message === "" || message === state ? "" : `: ${message.replace(/\.$/, "")}`;
  return {
    text: `$(${ICONS[state]}) Reviewer`,
    tooltip: `Graph Reviewer, ${state}${more}. Select to show the output.`,
    isWarning: state === "failed",
  };
}

/** The parameters of `reviewer/status` as a status; undefined for what is none. */
export function parseStatus(params: unknown): Status | undefined {
  const { state, message } = (params ?? {}) as { state?: unknown; message?: unknown };
  const known = SERVER_STATES.get(state);
  return known === undefined ? undefined : { state: known, message: typeof message === "string" ? message : "" };
}

const SERVER_STATES: ReadonlyMap<unknown, State> = new Map<unknown, State>([
  ["starting", "starting"],
  ["reading", "reviewing"],
  ["ready", "ready"],
  ["failed", "failed"],
]);
