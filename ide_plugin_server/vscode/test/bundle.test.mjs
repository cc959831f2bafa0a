// The bundle that ships, with the real client library and the real server; only the window is a fake (window.mjs).
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, realpathSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { test } from "node:test";
import { Window } from "./window.mjs";

const manifest = JSON.parse(readFileSync("package.json", "utf8"));
const CODE = 'import yaml\nfrom flask import request\n\n\ndef load():\n    return yaml.load(request.data, Loader=yaml.Loader)\n';

test("the bundle starts the server, shows findings, follows settings and stops", { timeout: 180_000 }, async () => {
  const folder = realpathSync(mkdtempSync(path.join(tmpdir(), "graph-reviewer-")));
  process.env.REVIEWER_EDITOR_DATA_DIR = path.join(folder, ".data");
  const file = path.join(folder, "app.py");
  writeFileSync(file, CODE);
  const window = new Window(file, folder, { enable: true, path: process.env.REVIEWER, team: { url: "", repository: "" } });
  const extension = window.load(path.resolve("dist/extension.js"));
  await extension.activate(window.makeContext());
  await window.see(/^status Graph Reviewer, ready\./);
  await window.see(/^diagnostics file:.*app\.py 1$/);
  const contributed = manifest.contributes.commands.map(({ command }) => command);
  assert.deepEqual(contributed.filter((name) => !window.commands.has(name)), []);
  assert.ok(window.commands.has("reviewer.markUnhelpful"), "commands of code actions are the server's");
  await window.commands.get("graphReviewer.reviewWorkspace")();

  window.turn();
  window.settings.path = "relative/reviewer";
  await window.settingsChanged.fire({ affectsConfiguration: (key) => "graphReviewer.path".startsWith(key) });
  await window.see(/^error graphReviewer\.path: expected the absolute path .* found relative\/reviewer\. Open Settings$/);
  assert.equal(window.commands.has("reviewer.markUnhelpful"), false);

  window.turn();
  window.settings.path = process.env.REVIEWER;
  await window.commands.get("graphReviewer.restart")();
  await window.see(/^status Graph Reviewer, ready\./);
  window.turn();
  window.settings.enable = false;
  await window.settingsChanged.fire({ affectsConfiguration: (key) => "graphReviewer.enable".startsWith(key) });
  await window.see(/^status Graph Reviewer, off\./);
  await extension.deactivate();
  assert.deepEqual(window.shown.filter((one) => /^(warning|information) /.test(one)), []);
});
