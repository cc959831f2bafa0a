/** The real server over its standard streams, spoken to through the JSON-RPC layer that vscode-languageclient uses. */
import assert from "node:assert/strict";
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { mkdtempSync, realpathSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import {
  ApplyWorkspaceEditRequest,
  CodeActionRequest,
  type CodeAction,
  ConfigurationRequest,
  createProtocolConnection,
  type Diagnostic,
  DidChangeTextDocumentNotification,
  DidOpenTextDocumentNotification,
  DocumentDiagnosticRequest,
  ExecuteCommandRequest,
  ExitNotification,
  InitializedNotification,
  type InitializeResult,
  InitializeRequest,
  type ProtocolConnection,
  RegistrationRequest,
  ShowMessageNotification,
  ShutdownRequest,
  StreamMessageReader,
  StreamMessageWriter,
  type WorkspaceEdit,
  WorkDoneProgressCreateRequest,
} from "vscode-languageserver-protocol/node";
import { TextDocument } from "vscode-languageserver-textdocument";
import manifest from "../package.json";
import { CLIENT_COMMANDS, ERRANDS, parseFinding, SERVER_COMMANDS } from "../src/palette";
import { SERVER_SECTION, SECTION, toInitializationOptions, toServerSettings } from "../src/settings";
import { parseStatus, type State } from "../src/status";
import { makeEnvironment } from "../src/team";
import { REVIEWER } from "./reviewer";

const CODE = `\
import yaml
from flask import request


def load():
    name = "ä錯誤😋"; return name, yaml.load(request.data, Loader=yaml.Loader)
`;
const LABEL = "security/unsafe-deserialization";
const STANDING = { isTrusted: true, teamUrl: "" };

/** What VS Code has when nothing is set. */
function readDefaults(): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const [key, { default: value }] of Object.entries(manifest.contributes.configuration.properties)) {
    const [first = "", second] = key.slice(SECTION.length + 1).split(".");
    values[first] = second === undefined ? value : { ...(values[first] as object | undefined), [second]: value };
  }
  return values;
}

class Editor {
  readonly messages: string[] = [];
  readonly states: State[] = [];
  private document: TextDocument;
  private readonly whenEdited: (() => void)[] = [];

  private constructor(
    readonly process: ChildProcessWithoutNullStreams,
    readonly connection: ProtocolConnection,
    readonly root: string,
  ) {
    const uri = pathToFileURL(path.join(root, "app.py")).href;
    this.document = TextDocument.create(uri, "python", 1, CODE);
    connection.onRequest(ConfigurationRequest.type, ({ items }) =>
      items.map(({ section }) => (section === SERVER_SECTION ? toServerSettings(readDefaults(), STANDING) : null)),
    );
    connection.onRequest(RegistrationRequest.type, () => undefined);
    connection.onRequest(WorkDoneProgressCreateRequest.type, () => undefined);
    connection.onRequest("workspace/diagnostic/refresh", () => null);
    connection.onRequest("workspace/codeLens/refresh", () => null);
    connection.onRequest(ApplyWorkspaceEditRequest.type, async ({ edit }) => {
      await this.apply(edit);
      this.whenEdited.splice(0).forEach((tell) => { tell(); });
      return { applied: true };
    });
    connection.onNotification(ShowMessageNotification.type, ({ message }) => void this.messages.push(message));
    connection.onNotification("reviewer/status", (params: unknown) => {
      const status = parseStatus(params);
      assert.ok(status, "a state that this client knows");
      this.states.push(status.state);
    });
    connection.listen();
  }

  static start(): Editor {
    const root = realpathSync(mkdtempSync(path.join(tmpdir(), "graph-reviewer-")));
    writeFileSync(path.join(root, "app.py"), CODE);
    const env = makeEnvironment({ ...process.env, HOME: root, REVIEWER_EDITOR_DATA_DIR: path.join(root, ".data") }, undefined);
    const server = spawn(REVIEWER, ["lsp"], { env, stdio: "pipe" });
    server.stderr.pipe(process.stderr);
    const connection = createProtocolConnection(
      new StreamMessageReader(server.stdout),
      new StreamMessageWriter(server.stdin),
    );
    return new Editor(server, connection, root);
  }

  async initialize(): Promise<InitializeResult> {
    const result = await this.connection.sendRequest(InitializeRequest.type, {
      processId: process.pid,
      // eslint-disable-next-line @typescript-eslint/no-deprecated -- the protocol's type demands it
      rootUri: null,
      workspaceFolders: [{ uri: pathToFileURL(this.root).href, name: "project" }],
      initializationOptions: toInitializationOptions(readDefaults(), STANDING),
      capabilities: {
        workspace: { configuration: true, workspaceFolders: true, applyEdit: true, workspaceEdit: { documentChanges: true } },
        textDocument: {
          diagnostic: { dynamicRegistration: true, relatedInformation: true, codeDescriptionSupport: true, dataSupport: true },
          codeAction: { codeActionLiteralSupport: { codeActionKind: { valueSet: ["quickfix"] } }, dataSupport: true },
          hover: { contentFormat: ["markdown"] },
        },
        window: { workDoneProgress: true },
        general: { positionEncodings: ["utf-16"] },
      },
    });
    await this.connection.sendNotification(InitializedNotification.type, {});
    const { uri, languageId, version } = this.document;
    const textDocument = { uri, languageId, version, text: CODE };
    await this.connection.sendNotification(DidOpenTextDocumentNotification.type, { textDocument });
    return result;
  }

  get text(): string {
    return this.document.getText();
  }

  get uri(): string {
    return this.document.uri;
  }

  /** The diagnostics of the document as it is. */
  async pull(): Promise<Diagnostic[]> {
    const report = await this.connection.sendRequest(DocumentDiagnosticRequest.type, { textDocument: { uri: this.uri } });
    assert.ok(report.kind === "full", "nothing was asked before, so nothing can be unchanged");
    return report.items;
  }

  /** What can be done about a diagnostic, in the light bulb. */
  async listActions(diagnostic: Diagnostic): Promise<CodeAction[]> {
    const found = await this.connection.sendRequest(CodeActionRequest.type, {
      textDocument: { uri: this.uri },
      range: diagnostic.range,
      context: { diagnostics: [diagnostic] },
    });
    return (found ?? []).filter((one): one is CodeAction => typeof one.command !== "string");
  }

  /** Applies an edit to the document and tells the server, as VS Code does. */
  async apply(edit: WorkspaceEdit): Promise<void> {
    const [change, ...others] = edit.documentChanges ?? [];
    assert.ok(change !== undefined && "edits" in change && others.length === 0);
    assert.deepEqual(change.textDocument, { uri: this.uri, version: this.document.version });
    const edits = change.edits.filter((one) => "newText" in one);
    const text = TextDocument.applyEdits(this.document, edits);
    const version = this.document.version + 1;
    this.document = TextDocument.update(this.document, [{ text }], version);
    const textDocument = { uri: this.uri, version };
    await this.connection.sendNotification(DidChangeTextDocumentNotification.type, { textDocument, contentChanges: [{ text }] });
  }

  execute(command: string, args: unknown[]): Promise<unknown> {
    return this.connection.sendRequest(ExecuteCommandRequest.type, { command, arguments: args as [] });
  }

  /** Ends the server as the protocol wants it; its exit code. */
  async stop(): Promise<number | null> {
    const ended = new Promise<number | null>((resolve) => this.process.once("exit", resolve));
    await this.connection.sendRequest(ShutdownRequest.type);
    await this.connection.sendNotification(ExitNotification.type);
    return ended;
  }
}

async function edit(scenario: (editor: Editor, initialized: InitializeResult) => Promise<void>): Promise<void> {
  const editor = Editor.start();
  try {
    await scenario(editor, await editor.initialize());
    assert.equal(await editor.stop(), 0);
  } finally {
    editor.process.kill();
    editor.connection.dispose();
  }
}

test("a finding is shown where it is, mended by its code action, and gone", { timeout: 120_000 }, async () => {
  await edit(async (editor) => {
    const [found, ...others] = await editor.pull();
    assert.ok(found);
    assert.deepEqual(others, []);
    assert.equal(found.code, LABEL);
    assert.deepEqual(found.range.start, { line: 5, character: CODE.split("\n")[5]?.indexOf("yaml.load") });
    const fix = (await editor.listActions(found)).find((action) => action.edit !== undefined);
    assert.ok(fix?.edit);
    await editor.apply(fix.edit);
    assert.equal(editor.text, CODE.replace("yaml.load(request.data, Loader=yaml.Loader)", "yaml.safe_load(request.data)"));
    assert.deepEqual(await editor.pull(), []);
  });
});

test("suppressing asks here for a reason, and the server writes the comment", { timeout: 120_000 }, async () => {
  await edit(async (editor) => {
    const [found] = await editor.pull();
    assert.ok(found);
    const action = (await editor.listActions(found)).find((one) => one.command?.command === CLIENT_COMMANDS.suppress);
    const finding = parseFinding(action?.command?.arguments ?? []);
    assert.equal(finding?.uri, editor.uri);
    await editor.execute(SERVER_COMMANDS.suppress, [finding.uri, finding.fingerprint, "only our own jobs send this"]);
    assert.match(editor.text, /# reviewer: ignore\[\S+\] only our own jobs send this/);
    assert.deepEqual(await editor.pull(), []);
  });
});

test("explaining gives the page that is shown here", { timeout: 120_000 }, async () => {
  await edit(async (editor) => {
    const [found] = await editor.pull();
    assert.ok(found);
    const action = (await editor.listActions(found)).find((one) => one.command?.command === CLIENT_COMMANDS.explain);
    const finding = parseFinding(action?.command?.arguments ?? []);
    assert.ok(finding);
    const text = await editor.execute(SERVER_COMMANDS.explain, [finding.uri, finding.fingerprint]);
    assert.match(String(text), /yaml\.load/);
  });
});

test("the server knows the commands and settings of the palette and complains about nothing", { timeout: 120_000 }, async () => {
  await edit(async (editor, { capabilities }) => {
    const known = capabilities.executeCommandProvider?.commands ?? [];
    for (const { serverCommand, wantsFile } of ERRANDS) {
      assert.ok(known.includes(serverCommand), serverCommand);
      await editor.execute(serverCommand, wantsFile ? [editor.uri] : []);
    }
    assert.deepEqual(editor.messages.filter((one) => !one.includes("git")), []);
    assert.ok(editor.states.includes("ready"));
  });
});
