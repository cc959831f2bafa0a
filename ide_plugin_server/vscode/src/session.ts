/** The running server: started, stopped and started again, one after the other. */
import * as os from "node:os";
import * as vscode from "vscode";
import {
  ExecuteCommandRequest,
  LanguageClient,
  type LanguageClientOptions,
  type ServerOptions,
  State as ClientState,
} from "vscode-languageclient/node";
import { findExecutable, findTool, identify, servesEditors, type Surroundings } from "./executable";
import { LANGUAGES } from "./languages";
import { type Complaint, explainFailure, explainFound, explainIdentity } from "./messages";
import { SECTION, SERVER_SECTION, type Standing, toInitializationOptions, toServerSettings } from "./settings";
import { parseStatus, type Status } from "./status";
import { makeEnvironment, nameSecret } from "./team";

/** What a session tells its window. */
export interface Listener {
  show(status: Status): void;
  complain(complaint: Complaint): void;
}

/** The settings of the section for a resource, as plain JSON. */
export function readSettings(scope?: vscode.Uri): Record<string, unknown> {
  const values: unknown = vscode.workspace.getConfiguration(undefined, scope ?? null).get(SECTION);
  return JSON.parse(JSON.stringify(values ?? {})) as Record<string, unknown>;
}

/** The setting of the team's address; "" for none. */
export function readTeamUrl(): string {
  return vscode.workspace.getConfiguration(SECTION, null).get("team.url", "");
}

/** One window's server. */
export class Session {
  private client: LanguageClient | undefined;
  private turn: Promise<void> = Promise.resolve();

  constructor(
    private readonly secrets: vscode.SecretStorage,
    private readonly output: vscode.LogOutputChannel,
    private readonly listener: Listener,
  ) {}

  /** Starts the server; one that runs is stopped first. Never rejects: what fails is shown. */
  restart(): Promise<void> {
    return this.wait(async () => {
      await this.end();
      await this.begin();
    });
  }

  /** Stops the server. */
  stop(): Promise<void> {
    return this.wait(() => this.end());
  }

  /** Whether a server runs. */
  get isRunning(): boolean {
    return this.client !== undefined;
  }

  /** Lets the server carry out a command. Undefined when no server runs. */
  async execute(command: string, args: readonly string[]): Promise<unknown> {
    const params = { command, arguments: [...args] };
    return this.client?.sendRequest(ExecuteCommandRequest.type, params);
  }

  /** Tells the server that settings changed; it asks for them then. */
  async announceSettings(): Promise<void> {
    await this.client?.sendNotification("workspace/didChangeConfiguration", { settings: null });
  }

  private wait(work: () => Promise<void>): Promise<void> {
    this.turn = this.turn.then(work).catch((error: unknown) => {
      this.fail(explainFailure(error));
    });
    return this.turn;
  }

  private async end(): Promise<void> {
    const client = this.client;
    this.client = undefined;
    await client?.dispose();
    this.listener.show({ state: "off", message: "" });
  }

  private async begin(): Promise<void> {
    if (!vscode.workspace.getConfiguration(SECTION, null).get<boolean>("enable", true)) {
      return;
    }
    this.listener.show({ state: "starting", message: "" });
    const executable = await this.findServer();
    if (executable === undefined) {
      return;
    }
    const token = await this.findToken();
    const standing = { isTrusted: vscode.workspace.isTrusted, teamUrl: token === undefined ? "" : readTeamUrl() };
    const client = this.makeClient(executable, token, standing);
    try {
      await client.start();
      this.client = client;
    } catch (error) {
      await client.dispose().catch(() => undefined); // it never ran
      const isWhole = await servesEditors(executable);
      this.fail(isWhole ? explainFailure(error) : explainIdentity({ kind: "withoutEditor" }, executable, hasUv()));
    }
  }

  /** The executable, checked; undefined after a complaint. */
  private async findServer(): Promise<string | undefined> {
    const path = vscode.workspace.getConfiguration(SECTION, null).get("path", "");
    const found = findExecutable(path, lookAround());
    if (found.kind !== "found") {
      this.fail(explainFound(found, hasUv()));
      return undefined;
    }
    const identity = await identify(found.path);
    if (identity.kind !== "suitable") {
      this.fail(explainIdentity(identity, found.path, hasUv()));
      return undefined;
    }
    this.output.info(`${found.path}: version ${identity.version}`);
    return found.path;
  }

  private async findToken(): Promise<string | undefined> {
    const secret = vscode.workspace.isTrusted ? nameSecret(readTeamUrl()) : undefined;
    return secret === undefined ? undefined : await this.secrets.get(secret);
  }

  private makeClient(executable: string, token: string | undefined, standing: Standing): LanguageClient {
    const env = makeEnvironment(process.env, token);
    const server: ServerOptions = { command: executable, args: ["lsp"], options: { env } };
    const client = new LanguageClient(SECTION, "Graph Reviewer", server, this.makeOptions(standing));
    client.onNotification("reviewer/status", (params: unknown) => {
      const status = parseStatus(params);
      if (status !== undefined) {
        this.listener.show(status);
      }
    });
    client.onDidChangeState(({ newState }) => {
      if (newState === ClientState.Stopped && client === this.client) {
        this.listener.show({ state: "failed", message: "the server has stopped" });
      }
    });
    return client;
  }

  private makeOptions(standing: Standing): LanguageClientOptions {
    return {
      documentSelector: LANGUAGES.flatMap((language) => [
        { scheme: "file", language },
        { scheme: "untitled", language },
      ]),
      outputChannel: this.output,
      initializationFailedHandler: () => false, // begin tells the user
      initializationOptions: toInitializationOptions(readSettings(), standing),
      middleware: {
        workspace: {
          configuration: ({ items }) =>
            items.map(({ section, scopeUri }) => {
              const scope = scopeUri === undefined ? undefined : vscode.Uri.parse(scopeUri);
              return section === SERVER_SECTION ? toServerSettings(readSettings(scope), standing) : null;
            }),
          // The server asks about its own section, which is called otherwise here: see announceSettings.
          didChangeConfiguration: () => Promise.resolve(),
        },
      },
    };
  }

  private fail(complaint: Complaint | undefined): void {
    if (complaint !== undefined) {
      this.output.error(complaint.text);
      this.listener.show({ state: "failed", message: complaint.text });
      this.listener.complain(complaint);
    }
  }
}

function lookAround(): Surroundings {
  return { env: process.env, home: os.homedir(), isWindows: process.platform === "win32" };
}

function hasUv(): boolean {
  return findTool("uv", lookAround()) !== undefined;
}
