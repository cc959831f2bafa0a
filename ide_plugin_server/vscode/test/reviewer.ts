/** The command `reviewer` that the tests run, as .ci/run names it. */
import { findTool } from "../src/executable";
import { homedir } from "node:os";

const found = process.env.REVIEWER ?? findTool("reviewer", { env: process.env, home: homedir(), isWindows: false });
if (found === undefined) {
  throw new Error("expected the command reviewer on the PATH or in the variable REVIEWER, found none");
}

export const REVIEWER: string = found;
