import assert from "node:assert/strict";
import { test } from "node:test";
import { toInitializationOptions, toServerSettings } from "../src/settings";

const VALUES = {
  enable: true,
  path: "/opt/reviewer",
  trace: { server: "verbose" },
  select: null,
  ignore: ["weak-random"],
  minProbability: 0,
  includeTests: false,
  configuration: "",
  model: "/opt/model",
  team: { url: "https://reviews.example", repository: "github:octo/orders" },
};
const TRUSTED = { isTrusted: true, teamUrl: "https://reviews.example" };

test("the server sees its own settings, without what is unset", () => {
  assert.deepEqual(toServerSettings(VALUES, TRUSTED), {
    enable: true,
    ignore: ["weak-random"],
    minProbability: 0,
    includeTests: false,
    model: "/opt/model",
    team: { url: "https://reviews.example", repository: "github:octo/orders" },
  });
});

test("without trust no model, configuration or service counts", () => {
  const settings = toServerSettings({ ...VALUES, configuration: "x.toml" }, { ...TRUSTED, isTrusted: false });
  assert.deepEqual(settings, { enable: true, ignore: ["weak-random"], minProbability: 0, includeTests: false });
});

test("an address that the server's token was not saved for is not passed on", () => {
  for (const teamUrl of ["", "https://reviews.example.evil", "https://reviews.example/"]) {
    assert.equal("team" in toServerSettings(VALUES, { isTrusted: true, teamUrl }), false);
  }
});

test("a service without a repository is none", () => {
  const values = { team: { url: "https://reviews.example", repository: "" } };
  assert.deepEqual(toServerSettings(values, TRUSTED), {});
});

test("a key of its own in the team's table is not passed on", () => {
  const team = { url: "https://reviews.example", repository: "r", tokenVariable: "HOME" };
  assert.deepEqual(toServerSettings({ team }, TRUSTED), { team: { url: "https://reviews.example", repository: "r" } });
});

test("what is no table gives no settings", () => {
  for (const values of [undefined, null, "text", 3, ["a"]]) {
    assert.deepEqual(toServerSettings(values, TRUSTED), {});
  }
});

test("the initialization options say what this client can do, and whether the user trusts the workspace", () => {
  assert.deepEqual(toInitializationOptions({ debounceMs: 50 }, { isTrusted: false, teamUrl: "" }), {
    trusted: false,
    asksForReason: true,
    showsExplanation: true,
    settings: { debounceMs: 50 },
  });
});
