// Stands for VS Code where none can be started: as much of its API as the extension and its client library touch. Says what
// was shown, keeps what was registered, and decides nothing.
import { readFileSync } from "node:fs";
import Module from "node:module";
import { pathToFileURL } from "node:url";

const DECLARATIONS = readFileSync("node_modules/@types/vscode/index.d.ts", "utf8");
const nothing = () => ({ dispose() {} });

class EventEmitter {
  listeners = [];
  event = (listener, that) => {
    this.listeners.push(listener.bind(that));
    return nothing();
  };
  fire(value) {
    return Promise.all(this.listeners.map((listener) => listener(value)));
  }
  dispose() {}
}

class Disposable {
  constructor(dispose) {
    this.dispose = dispose;
  }
  static from(...parts) {
    return new Disposable(() => parts.forEach((part) => part.dispose()));
  }
}

class Uri {
  constructor(text) {
    this.text = text;
    this.scheme = text.split(":")[0];
    this.path = this.fsPath = decodeURIComponent(new URL(text).pathname);
  }
  static parse = (text) => new Uri(text);
  static file = (path) => new Uri(pathToFileURL(path).href);
  static from = ({ scheme, path }) => new Uri(`${scheme}:${path}`);
  toString = () => this.text;
}

class CodeActionKind {
  constructor(value) {
    this.value = value;
  }
  static Empty = new CodeActionKind("");
  static QuickFix = new CodeActionKind("quickfix");
  static Source = new CodeActionKind("source");
  append = (part) => new CodeActionKind(this.value === "" ? part : `${this.value}.${part}`);
}

/** A namespace of the API: what is not given is an event that never comes, or a registration without effect. */
function fill(given) {
  return new Proxy(given, { get: (target, name) => (name in target ? target[name] : nothing) });
}

/** Every class and enumeration that VS Code declares; classes hold what they were made of. */
function declare() {
  const api = {};
  for (const [, name] of DECLARATIONS.matchAll(/^\texport (?:abstract )?class (\w+)/gm)) {
    api[name] = class { constructor(...args) { this.args = args; } };
  }
  for (const [, name, body] of DECLARATIONS.matchAll(/^\texport enum (\w+) \{([\s\S]*?)^\t\}/gm)) {
    const members = [...body.matchAll(/^\t\t(\w+)(?: = (\d+))?,?$/gm)];
    api[name] = Object.fromEntries(members.map(([, key, value], idx) => [key, Number(value ?? idx)]));
  }
  return api;
}

/** A window with one file open. `settings` is the section graphReviewer, and may be changed. */
export class Window {
  shown = [];
  commands = new Map();
  settingsChanged = new EventEmitter();
  secrets = new Map();
  secretsChanged = new EventEmitter();
  waiting = [];
  start = 0;

  constructor(file, folder, settings) {
    this.settings = settings;
    const getText = () => readFileSync(file, "utf8");
    this.document = { uri: Uri.file(file), fileName: file, languageId: "python", version: 1, isClosed: false, isDirty: false, getText };
    this.folder = { uri: Uri.file(folder), name: "project", index: 0 };
  }

  /** Keeps what is shown, and wakes up who waits for it. */
  show(kind, ...what) {
    this.shown.push([kind, ...what].join(" "));
    this.waiting = this.waiting.filter((look) => !look());
  }

  /** Waits until something like this is shown, after the last `turn`. */
  async see(pattern) {
    const start = this.start;
    await new Promise((resolve) => {
      const look = () => {
        const isThere = this.shown.slice(start).some((one) => pattern.test(one));
        if (isThere) resolve();
        return isThere;
      };
      if (!look()) this.waiting.push(look);
    });
  }

  /** What was shown so far is past. */
  turn() {
    this.start = this.shown.length;
  }

  /** What `require("vscode")` gives. */
  makeApi() {
    const find = (keys) => keys.split(".").reduce((value, key) => value?.[key], { graphReviewer: this.settings });
    const getConfiguration = (section) => ({
      get: (key, otherwise) => find(section ? `${section}.${key}` : key) ?? otherwise,
    });
    const channel = fill({ logLevel: 3, error: (text) => this.show("output", text) });
    const show = (kind) => (...args) => Promise.resolve(void this.show(kind, ...args));
    const item = { show() {}, dispose() {}, set tooltip(text) { window.show("status", text); } };
    const window = this;
    return {
      ...declare(),
      CancellationTokenSource: class { token = { isCancellationRequested: false, onCancellationRequested: nothing }; cancel() {} dispose() {} },
      CodeActionKind, EventEmitter, Disposable, Uri, version: "1.91.0", env: fill({ language: "en", appName: "a test" }),
      workspace: fill({
        isTrusted: true, textDocuments: [this.document], notebookDocuments: [], workspaceFolders: [this.folder],
        getWorkspaceFolder: () => this.folder, getConfiguration, onDidChangeConfiguration: this.settingsChanged.event,
        createFileSystemWatcher: () => fill({}),
      }),
      window: fill({
        activeTextEditor: { document: this.document }, visibleTextEditors: [],
        tabGroups: fill({ all: [] }), createOutputChannel: () => channel, createStatusBarItem: () => item,
        showErrorMessage: show("error"), showWarningMessage: show("warning"), showInformationMessage: show("information"),
        withProgress: (_, work) => work({ report() {} }, { onCancellationRequested: nothing }),
      }),
      commands: {
        registerCommand: (name, work) => {
          this.commands.set(name, work);
          return { dispose: () => this.commands.delete(name) };
        },
      },
      languages: fill({
        match: () => 10,
        createDiagnosticCollection: () => fill({ set: (uri, found) => this.show("diagnostics", uri, found?.length), has: () => false }),
      }),
    };
  }

  /** The extension's context. */
  makeContext() {
    const secrets = { get: async (key) => this.secrets.get(key), onDidChange: this.secretsChanged.event };
    return { subscriptions: [], secrets };
  }

  /** Loads a bundle as the extension host does. */
  load(bundle) {
    const api = this.makeApi();
    const load = Module._load;
    Module._load = (name, ...others) => (name === "vscode" ? api : load(name, ...others));
    try {
      return Module.createRequire(import.meta.url)(bundle);
    } finally {
      Module._load = load;
    }
  }
}
