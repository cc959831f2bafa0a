/** The entry point: puts the parts together and listens to VS Code. Sends nothing anywhere. */
import * as vscode from "vscode";
import { askForTeamToken, deleteTeamToken, Desk, registerClientCommands, saveTeamToken } from "./desk";
import { ERRANDS, type Errand, OWN_COMMANDS } from "./palette";
import { readTeamUrl, Session } from "./session";
import { NEEDING_RESTART, SECTION } from "./settings";
import { nameSecret } from "./team";

let session: Session | undefined;

/** Called by VS Code when a file in one of the languages is opened, or a command is called. */
export async function activate(context: vscode.ExtensionContext): Promise<void> {
  const output = vscode.window.createOutputChannel("Graph Reviewer", { log: true });
  const desk = new Desk(output);
  const started = new Session(context.secrets, output, desk);
  session = started;
  context.subscriptions.push(
    output,
    desk,
    registerClientCommands(started),
    ...ERRANDS.map((errand) => vscode.commands.registerCommand(errand.command, () => run(started, errand))),
    vscode.commands.registerCommand(OWN_COMMANDS.restart, () => started.restart()),
    vscode.commands.registerCommand(OWN_COMMANDS.showOutput, () => {
      output.show();
    }),
    vscode.commands.registerCommand(OWN_COMMANDS.saveTeamToken, () => saveTeamToken(context.secrets)),
    vscode.commands.registerCommand(OWN_COMMANDS.deleteTeamToken, () => deleteTeamToken(context.secrets)),
    ...follow(started, context.secrets),
  );
  await started.restart();
  void askForTeamToken(context.secrets);
}

/** Called by VS Code when the window closes. */
export async function deactivate(): Promise<void> {
  await session?.stop();
}

/** Settings, trust and tokens that change. */
function follow(started: Session, secrets: vscode.SecretStorage): vscode.Disposable[] {
  return [
    vscode.workspace.onDidChangeConfiguration(async (event) => {
      if (!event.affectsConfiguration(SECTION)) {
        return;
      }
      const isWanted = vscode.workspace.getConfiguration(SECTION, null).get<boolean>("enable", true);
      const isOther = NEEDING_RESTART.some((key) => event.affectsConfiguration(`${SECTION}.${key}`));
      await (isOther || isWanted !== started.isRunning ? started.restart() : started.announceSettings());
      if (event.affectsConfiguration(`${SECTION}.team.url`)) {
        await askForTeamToken(secrets);
      }
    }),
    vscode.workspace.onDidGrantWorkspaceTrust(() => started.restart()),
    secrets.onDidChange(({ key }) => (key === nameSecret(readTeamUrl()) ? started.restart() : undefined)),
  ];
}

async function run(started: Session, { serverCommand, wantsFile }: Errand): Promise<void> {
  const document = vscode.window.activeTextEditor?.document;
  if (wantsFile && document === undefined) {
    void vscode.window.showInformationMessage("Graph Reviewer: expected an open file, found none.");
    return;
  }
  if (!started.isRunning) {
    void vscode.window.showInformationMessage("Graph Reviewer is not running. Restart it, or show its output.");
    return;
  }
  await started.execute(serverCommand, wantsFile && document !== undefined ? [document.uri.toString()] : []);
}
