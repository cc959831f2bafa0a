import assert from "node:assert/strict";
import { chmodSync, mkdirSync, mkdtempSync, realpathSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { test } from "node:test";
import { findExecutable, findTool, identify, servesEditors, type Surroundings } from "../src/executable";
import { REVIEWER } from "./reviewer";

function makeFolder(): string {
  return realpathSync(mkdtempSync(path.join(tmpdir(), "graph reviewer ä錯😋-")));
}

function writeProgram(folder: string, text: string, name = "reviewer", mode = 0o755): string {
  mkdirSync(folder, { recursive: true });
  const file = path.join(folder, name);
  writeFileSync(file, `#!/bin/sh\n${text}\n`);
  chmodSync(file, mode);
  return file;
}

function around(pathVariable: string, home: string): Surroundings {
  return { env: { PATH: pathVariable }, home, isWindows: false };
}

test("the setting wins over the PATH, the PATH over the home folder", () => {
  const home = makeFolder();
  const wished = writeProgram(path.join(home, "wished"), "exit 0");
  const onPath = writeProgram(path.join(home, "bin"), "exit 0");
  const inHome = writeProgram(path.join(home, ".local", "bin"), "exit 0");
  const folders = path.join(home, "bin");
  assert.deepEqual(findExecutable(wished, around(folders, home)), { kind: "found", path: wished });
  assert.deepEqual(findExecutable("~/wished/reviewer", around(folders, home)), { kind: "found", path: wished });
  assert.deepEqual(findExecutable("", around(folders, home)), { kind: "found", path: onPath });
  assert.deepEqual(findExecutable(" ", around("", home)), { kind: "found", path: inHome });
});

test("a setting that names no executable is refused, not replaced by another", () => {
  const home = makeFolder();
  writeProgram(path.join(home, ".local", "bin"), "exit 0");
  const plain = writeProgram(home, "exit 0", "plain", 0o644);
  for (const wish of ["reviewer", "./reviewer", path.join(home, "none"), home, plain]) {
    assert.deepEqual(findExecutable(wish, around("", home)), { kind: "wrongPath", path: wish });
  }
});

test("relative entries of the PATH do not lead into the workspace", () => {
  const home = makeFolder();
  const workspace = makeFolder();
  writeProgram(workspace, "exit 0");
  const relative = path.relative(process.cwd(), workspace);
  assert.deepEqual(findExecutable("", around(`.::${relative}`, home)), { kind: "missing" });
});

test("folders and files that cannot be executed are passed over", () => {
  const home = makeFolder();
  mkdirSync(path.join(home, "a", "reviewer"), { recursive: true });
  writeProgram(path.join(home, "b"), "exit 0", "reviewer", 0o644);
  const right = writeProgram(path.join(home, "c"), "exit 0");
  const folders = ["a", "b", "c"].map((name) => path.join(home, name)).join(":");
  assert.equal(findTool("reviewer", around(folders, home)), right);
});

test("the installed reviewer is suitable and serves editors", async () => {
  const identity = await identify(REVIEWER);
  assert.equal(identity.kind, "suitable");
  assert.equal(await servesEditors(REVIEWER), true);
});

test("another program of the name is a stranger", async () => {
  const file = writeProgram(makeFolder(), "echo reviewer-of-books 3.1");
  assert.deepEqual(await identify(file), { kind: "stranger", output: "reviewer-of-books 3.1" });
});

test("a program that fails or prints nothing is a stranger too", async () => {
  const identity = await identify(writeProgram(makeFolder(), "exit 3"));
  assert.equal(identity.kind, "stranger");
});

test("an old version is named with the one that is needed", async () => {
  const file = writeProgram(makeFolder(), "echo reviewer 0.0.9");
  assert.deepEqual(await identify(file), { kind: "tooOld", version: "0.0.9", minimum: "0.1.0" });
});

test("an installation without the extra does not serve editors", async () => {
  const file = writeProgram(makeFolder(), 'echo "Usage: reviewer lsp [OPTIONS]"; echo "  Not installed here."');
  assert.equal(await servesEditors(file), false);
});
