// Bundles the extension into dist/, or with --tests the tests into build/test/.
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { build } from "esbuild";

const common = { bundle: true, platform: "node", target: "node20", format: "cjs", external: ["vscode"], logLevel: "warning" };

if (process.argv.includes("--tests")) {
  rmSync("build/test", { recursive: true, force: true });
  const entryPoints = readdirSync("test").filter((name) => name.endsWith(".test.ts")).map((name) => `test/${name}`);
  await build({ ...common, entryPoints, outdir: "build/test", sourcemap: "inline" });
} else {
  rmSync("dist", { recursive: true, force: true });
  // Names are kept: what a user reports should be readable.
  const options = { ...common, minify: true, keepNames: true, metafile: true };
  const { metafile } = await build({ ...options, entryPoints: ["src/extension.ts"], outfile: "dist/extension.js" });
  writeFileSync("dist/NOTICES.txt", collectLicences(Object.keys(metafile.inputs)));
}

/** The licences of the packages in the bundle, as they ask for it. */
function collectLicences(inputs) {
  const folders = new Set(inputs.map((file) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0]).filter(Boolean));
  return [...folders].sort().map(readLicence).join("\n");
}

function readLicence(folder) {
  const { name, version, license } = JSON.parse(readFileSync(`${folder}/package.json`, "utf8"));
  const file = readdirSync(folder).find((one) => /^licen[sc]e/i.test(one));
  if (file === undefined) {
    throw new Error(`${folder}: expected a licence file, found none`);
  }
  return `${name} ${version} (${license})\n\n${readFileSync(`${folder}/${file}`, "utf8")}`;
}
