/** Commands of the palette that the server carries out, and what it asks this client to do. */
import { SECTION } from "./settings";

/** A command of the palette with the server's. */
export interface Errand {
  readonly command: string;
  readonly serverCommand: string;
  readonly wantsFile: boolean;
}

/** What the server does. */
export const ERRANDS: readonly Errand[] = [
  { command: `${SECTION}.reviewFile`, serverCommand: "reviewer.reviewFile", wantsFile: true },
  { command: `${SECTION}.reviewChanges`, serverCommand: "reviewer.reviewChanges", wantsFile: false },
  { command: `${SECTION}.reviewWorkspace`, serverCommand: "reviewer.reviewWorkspace", wantsFile: false },
  { command: `${SECTION}.forgetFeedback`, serverCommand: "reviewer.forgetFeedback", wantsFile: false },
];

/** What this extension does itself. */
export const OWN_COMMANDS = {
  restart: `${SECTION}.restart`,
  showOutput: `${SECTION}.showOutput`,
  saveTeamToken: `${SECTION}.saveTeamToken`,
  deleteTeamToken: `${SECTION}.deleteTeamToken`,
} as const;

/** Commands of code actions that need a window: the server calls them with a URI and a fingerprint. */
export const CLIENT_COMMANDS = { suppress: "reviewer.client.suppress", explain: "reviewer.client.explain" } as const;

/** The server's commands that stand behind those. */
export const SERVER_COMMANDS = { suppress: "reviewer.suppress", explain: "reviewer.explain" } as const;

/** A finding that a code action is about; undefined when the arguments are others. */
export function parseFinding(args: readonly unknown[]): { uri: string; fingerprint: string } | undefined {
  const [uri, fingerprint] = args;
  return typeof uri === "string" && typeof fingerprint === "string" ? { uri, fingerprint } : undefined;
}

/** What is wrong with a reason for a suppression; undefined when nothing is. */
export function refuseReason(text: string): string | undefined {
  return text.trim() === "" ? "A suppression without a reason has no effect." : undefined;
}
