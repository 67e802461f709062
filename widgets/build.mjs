// Bundle every src/<widget>.ts, with the shared style sheet and its own, into autogradkit/widgets/_static, and the page of
// src/page into autogradkit/tracing/_static, after the types of the traits (src/shared/traits.ts) have been made of schema.json.
// `npm run build` writes; `npm run build -- --check` fails where what is committed differs.
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { traits } from "./traits.mjs";

const here = fileURLToPath(new URL(".", import.meta.url));
const source = join(here, "src");
const target = join(here, "..", "autogradkit");
const check = process.argv.includes("--check");
const stale = [];

function put(path, text) {
  const old = existsSync(path) ? readFileSync(path, "utf8") : null;
  if (old !== text) stale.push(path);
  if (!check) writeFileSync(path, text);
}

function bundle(name, text) {
  put(join(target, name), text);
  const kB = (bytes) => (bytes / 1000).toFixed(1).padStart(6);
  console.log(`${name.padEnd(32)}${kB(Buffer.byteLength(text))} kB ${kB(gzipSync(text).length)} kB gzip`);
}

put(join(source, "shared", "traits.ts"), traits(JSON.parse(readFileSync(join(here, "schema.json"), "utf8"))));
const widgets = readdirSync(source)
  .filter((file) => file.endsWith(".ts"))
  .map((file) => file.slice(0, -3))
  .sort()
  .map((name) => ({ name: `widgets/_static/${name}`, script: `${name}.ts`, sheets: [`${name}.css`] }));
const page = { name: "tracing/_static/page", script: "page/page.ts", sheets: ["graph.css", "page/page.css"] };
for (const { name, script, sheets } of [...widgets, page]) {
  const { outputFiles: scripts } = await build({
    entryPoints: [join(source, script)],
    bundle: true,
    format: "esm",
    target: "es2022",
    minify: true,
    charset: "utf8",
    write: false,
    legalComments: "inline",
  });
  bundle(`${name}.js`, scripts[0].text);
  const found = ["shared/widget.css", ...sheets].map((sheet) => join(source, sheet)).filter(existsSync);
  const css = found.map((sheet) => readFileSync(sheet, "utf8")).join("\n");
  const { outputFiles: styles } = await build({
    stdin: { contents: css, loader: "css" },
    minify: true,
    write: false,
  });
  bundle(`${name}.css`, styles[0].text);
}
if (check && stale.length) {
  console.error(`not what the sources make: ${stale.join(", ")}; run npm run build`);
  process.exit(1);
}
