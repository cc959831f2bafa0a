import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import * as path from "node:path";
import { test } from "node:test";
import manifest from "../package.json";
import { LANGUAGES } from "../src/languages";
import { ERRANDS, OWN_COMMANDS, SERVER_COMMANDS } from "../src/palette";
import { NEEDING_RESTART, OWN_SETTINGS, SECTION, TRUSTED_ONLY } from "../src/settings";

interface Property {
  readonly scope: string;
  readonly default: unknown;
  readonly description?: string;
  readonly markdownDescription?: string;
}

const PROJECT = path.resolve("../..");
const PROPERTIES: Record<string, Property> = manifest.contributes.configuration.properties;
// The extension sets the variable itself: a workspace must not choose which one is sent to a service.
const NOT_OFFERED = ["team.tokenVariable"];

/** The rows of the table under a heading of docs/editor.md: names of the first column, and the second. */
function readTable(heading: string): Map<string, string> {
  const text = readFileSync(path.join(PROJECT, "docs/editor.md"), "utf8");
  const section = text.split(`\n## ${heading}\n`)[1]?.split("\n## ")[0] ?? "";
  const rows = section.split("\n").filter((line) => line.startsWith("| `"));
  return new Map(
    rows.flatMap((row) => {
      const [, names = "", second = ""] = row.split("|");
      return [...names.matchAll(/`([^`]+)`/g)].map((name) => [name[1] ?? "", second.trim()] as const);
    }),
  );
}

function withoutSection(key: string): string {
  assert.ok(key.startsWith(`${SECTION}.`), key);
  return key.slice(SECTION.length + 1);
}

function isUnder(key: string, names: readonly string[]): boolean {
  return names.includes(key.split(".")[0] ?? "");
}

test("every setting of the server can be set, and no other", () => {
  const offered = Object.keys(PROPERTIES).map(withoutSection).filter((key) => !isUnder(key, OWN_SETTINGS));
  const documented = [...readTable("Settings").keys()].filter((key) => !NOT_OFFERED.includes(key));
  assert.ok(documented.length > 10);
  assert.deepEqual(offered.sort(), documented.sort());
});

test("defaults are the server's", () => {
  for (const [key, second] of readTable("Settings")) {
    const property = PROPERTIES[`${SECTION}.${key}`];
    if (property !== undefined) {
      const isNone = property.default === null || property.default === "";
      assert.equal(isNone ? "none" : `\`${JSON.stringify(property.default)}\``, second, key);
    }
  }
});

test("every setting is described and has a scope", () => {
  for (const [key, property] of Object.entries(PROPERTIES)) {
    assert.match(property.description ?? property.markdownDescription ?? "", /\.$/, key);
    assert.match(property.scope, /^(resource|window|machine-overridable)$/, key);
  }
});

test("an untrusted workspace cannot choose the executable or what needs trust on the server", () => {
  const { supported, restrictedConfigurations } = manifest.capabilities.untrustedWorkspaces;
  const expected = Object.keys(PROPERTIES).filter((key) => isUnder(withoutSection(key), ["path", ...TRUSTED_ONLY]));
  assert.equal(supported, "limited");
  assert.deepEqual([...restrictedConfigurations].sort(), expected.sort());
  assert.equal(PROPERTIES[`${SECTION}.path`]?.scope, "machine-overridable");
  assert.equal(manifest.capabilities.virtualWorkspaces.supported, false);
});

test("settings that need a restart exist", () => {
  assert.deepEqual(
    NEEDING_RESTART.filter((key) => PROPERTIES[`${SECTION}.${key}`] === undefined),
    [],
  );
});

test("a file in every language that is reviewed starts the extension", () => {
  assert.deepEqual(
    manifest.activationEvents,
    LANGUAGES.map((language) => `onLanguage:${language}`),
  );
  const { when } = manifest.contributes.menus.commandPalette.find((one) => one.command === `${SECTION}.reviewFile`) ?? {};
  assert.ok(when?.includes(`(${LANGUAGES.join("|")})`));
});

test("the palette offers what the code registers", () => {
  const contributed = manifest.contributes.commands.map((one) => one.command);
  const registered = [...ERRANDS.map((one) => one.command), ...Object.values(OWN_COMMANDS)];
  assert.deepEqual(contributed.sort(), registered.sort());
});

test("commands of the server are documented", () => {
  const documented = readTable("Commands");
  for (const name of [...ERRANDS.map((one) => one.serverCommand), ...Object.values(SERVER_COMMANDS)]) {
    assert.ok(documented.has(name), name);
  }
});

test("version and licence are the project's", () => {
  const project = readFileSync(path.join(PROJECT, "pyproject.toml"), "utf8");
  assert.equal(manifest.version, /^version = "(.*)"$/m.exec(project)?.[1]);
  assert.equal(readFileSync("LICENSE", "utf8"), readFileSync(path.join(PROJECT, "LICENSE"), "utf8"));
});

test("the lock file names no registry", () => {
  const { packages } = JSON.parse(readFileSync("package-lock.json", "utf8")) as { packages: Record<string, object> };
  assert.ok(Object.keys(packages).length > 50);
  assert.deepEqual(
    Object.entries(packages).filter(([, one]) => "resolved" in one),
    [],
  );
});
