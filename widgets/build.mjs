// Bundle every src/<widget>.ts, with the shared style sheet and its own, into autogradkit/widgets/_static.
// `npm run build` writes; `npm run build -- --check` fails where a committed bundle differs.
import { build } from "esbuild";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const here = fileURLToPath(new URL(".", import.meta.url));
const source = join(here, "src");
const target = join(here, "..", "autogradkit", "widgets", "_static");
const check = process.argv.includes("--check");
const stale = [];

function put(name, text) {
  const path = join(target, name);
  const old = existsSync(path) ? readFileSync(path, "utf8") : null;
  if (old !== text) stale.push(name);
  if (!check) writeFileSync(path, text);
  const kB = (bytes) => (bytes / 1000).toFixed(1).padStart(6);
  console.log(`${name.padEnd(16)}${kB(Buffer.byteLength(text))} kB ${kB(gzipSync(text).length)} kB gzip`);
}

mkdirSync(target, { recursive: true });
const names = readdirSync(source)
  .filter((file) => file.endsWith(".ts"))
  .map((file) => file.slice(0, -3))
  .sort();
for (const name of names) {
  const { outputFiles } = await build({
    entryPoints: [join(source, `${name}.ts`)],
    bundle: true,
    format: "esm",
    target: "es2022",
    minify: true,
    charset: "utf8",
    write: false,
    legalComments: "inline",
    loader: { ".css": "text" },
  });
  put(`${name}.js`, outputFiles[0].text);
  const sheets = [join(source, "shared", "widget.css"), join(source, `${name}.css`)].filter(existsSync);
  const css = sheets.map((sheet) => readFileSync(sheet, "utf8")).join("\n");
  const { outputFiles: styles } = await build({
    stdin: { contents: css, loader: "css" },
    minify: true,
    write: false,
  });
  put(`${name}.css`, styles[0].text);
}
if (check && stale.length) {
  console.error(`not what the sources build: ${stale.join(", ")}; run npm run build`);
  process.exit(1);
}
