import assert from "node:assert/strict";
import { test } from "node:test";
import { explainFailure, explainFound, explainIdentity } from "../src/messages";
import { parseFinding, refuseReason } from "../src/palette";
import { describeStatus, parseStatus } from "../src/status";
import { isAddress, makeEnvironment, nameSecret } from "../src/team";

const SOURCE = '"graph-reviewer[ide] @ git+https://HOST/OWNER/graph-reviewer@COMMIT"';

test("a missing executable comes with the command that installs it, for the installer that is there", () => {
  const [pipx, uv] = [false, true].map((hasUv) => explainFound({ kind: "missing" }, hasUv));
  assert.match(pipx?.text ?? "", /expected it on the PATH or in ~\/\.local\/bin, found none/);
  assert.deepEqual(pipx?.remedies[0], { title: "Install...", kind: "type", command: `pipx install ${SOURCE}` });
  assert.deepEqual(uv?.remedies[0], { title: "Install...", kind: "type", command: `uv tool install ${SOURCE}` });
  assert.equal(explainFound({ kind: "found", path: "/bin/reviewer" }, false), undefined);
});

test("a wrong path and an old version are named with what was found", () => {
  assert.match(explainFound({ kind: "wrongPath", path: "bin/reviewer" }, false)?.text ?? "", /found bin\/reviewer\.$/);
  const old = explainIdentity({ kind: "tooOld", version: "0.0.9", minimum: "0.1.0" }, "/bin/reviewer", false);
  assert.match(old?.text ?? "", /^\/bin\/reviewer: expected version 0\.1\.0 or newer, found 0\.0\.9\. /);
  assert.deepEqual(old?.remedies[0], { title: "Install...", kind: "type", command: `pipx install --force ${SOURCE}` });
  assert.equal(explainIdentity({ kind: "suitable", version: "0.1.0" }, "/bin/reviewer", false), undefined);
});

test("an installation without the extra is mended by installing it again", () => {
  const complaint = explainIdentity({ kind: "withoutEditor" }, "/bin/reviewer", false);
  assert.deepEqual(complaint?.remedies[0], {
    title: "Install...",
    kind: "type",
    command: `pipx install --force ${SOURCE}`,
  });
});

test("no command takes a package by its name alone, and every one comes with what is to be filled in", () => {
  const foreign = [
    explainFound({ kind: "missing" }, true),
    explainIdentity({ kind: "tooOld", version: "0.0.9", minimum: "0.1.0" }, "/bin/reviewer", true),
    explainIdentity({ kind: "stranger", output: "x" }, "/bin/reviewer", true),
    explainIdentity({ kind: "withoutEditor" }, "/bin/reviewer", true),
  ];
  for (const complaint of foreign) {
    const typed = (complaint?.remedies ?? []).filter((one) => one.kind === "type");
    assert.equal(typed.length, 1);
    assert.ok(typed.every(({ command }) => command.endsWith(SOURCE)));
    assert.match(complaint?.text ?? "", / HOST, OWNER and COMMIT are yours to fill in\.$/);
  }
});

test("what a stranger prints is quoted by its first line, short and without control characters", () => {
  const output = `\u001b[31m${"x".repeat(200)}\nsecond`;
  const text = explainIdentity({ kind: "stranger", output }, "/bin/reviewer", false)?.text ?? "";
  assert.match(text, /" \[31mx{75}\.\.\."\. /);
});

test("a failure shows its message and leads to the output", () => {
  const complaint = explainFailure(new Error("spawn EACCES"));
  assert.equal(complaint.text, "Graph Reviewer could not be started: spawn EACCES");
  assert.deepEqual(complaint.remedies, [{ title: "Show Output", kind: "showOutput" }]);
});

test("every state of the server is one of the status bar's", () => {
  const states = ["starting", "reading", "ready", "failed"].map((state) => parseStatus({ state, message: "" })?.state);
  assert.deepEqual(states, ["starting", "reviewing", "ready", "failed"]);
  for (const params of [undefined, null, {}, { state: "toString" }, { state: 3 }]) {
    assert.equal(parseStatus(params), undefined);
  }
});

test("the status bar warns of a failure only, and does not say a word twice", () => {
  assert.deepEqual(describeStatus({ state: "ready", message: "ready" }), {
    text: "$(pass) Reviewer",
    tooltip: "Graph Reviewer, ready. Select to show the output.",
    isWarning: false,
  });
  const failed = describeStatus({ state: "failed", message: "no model." });
  assert.equal(failed.tooltip, "Graph Reviewer, failed: no model. Select to show the output.");
  assert.equal(failed.isWarning, true);
});

test("a token belongs to one address, over https or on this machine", () => {
  assert.notEqual(nameSecret("https://a.example"), nameSecret("https://b.example"));
  assert.equal(nameSecret("http://a.example"), undefined);
  for (const [text, isGood] of [
    ["https://a.example", true],
    ["http://localhost:8080", true],
    ["http://127.0.0.1", true],
    ["http://localhost.evil.example", false],
    ["ftp://a.example", false],
    ["a.example", false],
    ["", false],
  ] as const) {
    assert.equal(isAddress(text), isGood, text);
  }
});

test("the server's environment has the token that was saved here, and never another", () => {
  assert.deepEqual(makeEnvironment({ PATH: "/bin" }, "t"), { PATH: "/bin", REVIEWER_TEAM_TOKEN: "t" });
  for (const token of [undefined, ""]) {
    assert.equal(makeEnvironment({ REVIEWER_TEAM_TOKEN: "stray" }, token).REVIEWER_TEAM_TOKEN, undefined);
  }
});

test("a code action names its finding by URI and fingerprint", () => {
  assert.deepEqual(parseFinding(["file:///a.py", "f1"]), { uri: "file:///a.py", fingerprint: "f1" });
  for (const args of [[], ["file:///a.py"], [1, 2]]) {
    assert.equal(parseFinding(args), undefined);
  }
});

test("a suppression needs a reason", () => {
  assert.equal(refuseReason("cache key, not security"), undefined);
  for (const text of ["", " \t"]) {
    assert.match(refuseReason(text) ?? "", /reason/);
  }
});
