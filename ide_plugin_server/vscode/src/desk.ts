/** What the user sees and is asked: the status bar, complaints, reasons, explanations, the team's token. */
import * as vscode from "vscode";
import type { Complaint, Remedy } from "./messages";
import { CLIENT_COMMANDS, OWN_COMMANDS, parseFinding, refuseReason, SERVER_COMMANDS } from "./palette";
import { type Listener, readTeamUrl, type Session } from "./session";
import { describeStatus, type Status } from "./status";
import { isAddress, nameSecret } from "./team";

const EXPLANATION_SCHEME = "graph-reviewer";

/** The status bar and the complaints of one window. */
export class Desk implements Listener {
  private readonly item = vscode.window.createStatusBarItem("graphReviewer.status", vscode.StatusBarAlignment.Right);

  constructor(private readonly output: vscode.LogOutputChannel) {
    this.item.name = "Graph Reviewer";
    this.item.command = OWN_COMMANDS.showOutput;
    this.show({ state: "off", message: "" });
    this.item.show();
  }

  show(status: Status): void {
    const { text, tooltip, isWarning } = describeStatus(status);
    this.item.text = text;
    this.item.tooltip = tooltip;
    this.item.backgroundColor = isWarning ? new vscode.ThemeColor("statusBarItem.warningBackground") : undefined;
  }

  complain({ text, remedies }: Complaint): void {
    void vscode.window.showErrorMessage(text, ...remedies.map(({ title }) => title)).then((title) => {
      const remedy = remedies.find((one) => one.title === title);
      if (remedy !== undefined) {
        this.apply(remedy);
      }
    });
  }

  dispose(): void {
    this.item.dispose();
  }

  private apply(remedy: Remedy): void {
    switch (remedy.kind) {
      case "type": {
        const terminal = vscode.window.createTerminal("Graph Reviewer");
        terminal.show();
        terminal.sendText(remedy.command, false); // the user presses Enter, then restarts
        break;
      }
      case "openSettings":
        void vscode.commands.executeCommand("workbench.action.openSettings", remedy.query);
        break;
      case "showOutput":
        this.output.show();
        break;
    }
  }
}

/** Commands of code actions that need a window. */
export function registerClientCommands(session: Session): vscode.Disposable {
  const explanations = new Explanations();
  return vscode.Disposable.from(
    vscode.workspace.registerTextDocumentContentProvider(EXPLANATION_SCHEME, explanations),
    vscode.commands.registerCommand(CLIENT_COMMANDS.suppress, (...args: unknown[]) => suppress(session, args)),
    vscode.commands.registerCommand(CLIENT_COMMANDS.explain, async (...args: unknown[]) => {
      const finding = parseFinding(args);
      if (finding !== undefined) {
        const text = await session.execute(SERVER_COMMANDS.explain, [finding.uri, finding.fingerprint]);
        await explanations.show(typeof text === "string" ? text : "There is nothing to explain.");
      }
    }),
  );
}

/** The explanation that was asked for last, as a page of Markdown. */
class Explanations implements vscode.TextDocumentContentProvider {
  private readonly page = vscode.Uri.from({ scheme: EXPLANATION_SCHEME, path: "/Explanation.md" });
  private readonly changes = new vscode.EventEmitter<vscode.Uri>();
  private text = "";
  readonly onDidChange = this.changes.event;

  provideTextDocumentContent(): string {
    return this.text;
  }

  async show(text: string): Promise<void> {
    this.text = text;
    this.changes.fire(this.page);
    await vscode.commands.executeCommand("markdown.showPreviewToSide", this.page);
  }
}

async function suppress(session: Session, args: readonly unknown[]): Promise<void> {
  const finding = parseFinding(args);
  const reason =
    finding &&
    (await vscode.window.showInputBox({
      title: "Suppress the Finding",
      prompt: "The reason is written into the comment, for those who read the code after you.",
      validateInput: refuseReason,
    }));
  if (finding !== undefined && reason !== undefined) {
    await session.execute(SERVER_COMMANDS.suppress, [finding.uri, finding.fingerprint, reason]);
  }
}

/** Asks for the token of the team's service and keeps it for that address. */
export async function saveTeamToken(secrets: vscode.SecretStorage): Promise<void> {
  const url = readTeamUrl();
  const secret = nameSecret(url);
  if (secret === undefined) {
    void vscode.window.showErrorMessage(
      `graphReviewer.team.url: expected an address that starts with https:// (or http:// on this machine), found "${url}".`,
    );
    return;
  }
  const token = await vscode.window.showInputBox({ title: `Token for ${url}`, password: true, ignoreFocusOut: true });
  if (token !== undefined && token !== "") {
    await secrets.store(secret, token);
  }
}

/** Forgets the token of the team's service. */
export async function deleteTeamToken(secrets: vscode.SecretStorage): Promise<void> {
  const secret = nameSecret(readTeamUrl());
  if (secret !== undefined) {
    await secrets.delete(secret);
  }
}

/** Says once in a window that the team's service has no token yet. */
export async function askForTeamToken(secrets: vscode.SecretStorage): Promise<void> {
  const url = readTeamUrl();
  const secret = nameSecret(url);
  if (!vscode.workspace.isTrusted || !isAddress(url) || secret === undefined || (await secrets.get(secret)) !== undefined) {
    return;
  }
  const save = "Save Token...";
  if ((await vscode.window.showInformationMessage(`Graph Reviewer has no token for ${url}.`, save)) === save) {
    await saveTeamToken(secrets);
  }
}
