import assert from "node:assert/strict";
import { test } from "node:test";
import { isAtLeast, parseVersion } from "../src/version";

const OUTPUTS: [string, string | undefined][] = [
  ["reviewer 0.1.0", "0.1.0"],
  ["reviewer 0.1.0\n", "0.1.0"],
  ["reviewer 1.2.0rc1\r\n", "1.2.0rc1"],
  ["a warning\nreviewer 1.10.0\n", "1.10.0"],
  ["reviewer 0+unknown", "0+unknown"],
  ["reviewer, version 0.1.0", undefined],
  ["book-reviewer 0.1.0", undefined],
  ["reviewer", undefined],
  ["", undefined],
];

for (const [output, version] of OUTPUTS) {
  test(`the version in ${JSON.stringify(output)} is ${version ?? "none"}`, () => {
    assert.equal(parseVersion(output), version);
  });
}

const COMPARISONS: [string, string, boolean][] = [
  ["0.1.0", "0.1.0", true],
  ["0.1", "0.1.0", true],
  ["0.10.0", "0.9.0", true],
  ["1", "0.1.0", true],
  ["0.0.9", "0.1.0", false],
  ["0.1.0rc1", "0.1.0", false],
  ["0.1.0.dev3", "0.1.0", false],
  ["0.1.0b2", "0.1.0", false],
  ["0.2.0rc1", "0.1.0", true],
  ["0.1.0.post1", "0.1.0", true],
  ["0.1.0+abc", "0.1.0", true],
  ["0+unknown", "0.1.0", true],
];

for (const [version, minimum, isEnough] of COMPARISONS) {
  test(`${version} is ${isEnough ? "" : "not "}as new as ${minimum}`, () => {
    assert.equal(isAtLeast(version, minimum), isEnough);
  });
}
