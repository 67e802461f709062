/** TypeScript's view of schema.json: what build.mjs writes to src/shared/traits.ts, and what test/schema.test.ts compares. */

const capital = (name) => name[0].toUpperCase() + name.slice(1);
const literals = (values) => values.map((value) => JSON.stringify(value)).join(" | ");

/** The type that a schema describes; only the words that schema.json uses are known. */
function type(schema) {
  if (schema.$ref) return schema.$ref.replace("#/$defs/", "");
  if (schema.contentEncoding) return "DataView";
  if (schema.enum) return literals(schema.enum);
  if (Array.isArray(schema.type)) return schema.type.map((each) => type({ ...schema, type: each })).join(" | ");
  switch (schema.type) {
    case "string":
    case "boolean":
    case "null":
      return schema.type;
    case "integer":
    case "number":
      return "number";
    case "array":
      if (schema.prefixItems) {
        const place = (item, n) => type(item) + (n < schema.minItems ? "" : "?");
        return `[${schema.prefixItems.map(place).join(", ")}]`;
      }
      return schema.items.enum ? `(${type(schema.items)})[]` : `${type(schema.items)}[]`;
    case "object":
      return `Record<string, ${type(schema.additionalProperties)}>`;
    default:
      throw new Error(`schema.json: no TypeScript for ${JSON.stringify(schema)}`);
  }
}

function declaration(name, { properties, required, ...schema }, base = "") {
  if (!properties) return `export type ${name} = ${type(schema)};\n`;
  const line = ([key, value]) => `  ${key}${required.includes(key) ? "" : "?"}: ${type(value)};\n`;
  return `export interface ${name}${base} {\n${Object.entries(properties).map(line).join("")}}\n`;
}

/** The union of messages: names alone, and those that carry something. */
function union(found) {
  const names = found.filter((each) => typeof each === "string");
  const rich = found.filter((each) => typeof each !== "string");
  const fields = ({ kind, ...rest }) =>
    [`kind: ${JSON.stringify(kind)}`, ...Object.entries(rest).map(([name, schema]) => `${name}: ${type(schema)}`)].join(
      "; ",
    );
  const parts = [...(names.length ? [`kind: ${literals(names)}`] : []), ...rich.map(fields)].map(
    (each) => `{ ${each} }`,
  );
  return rich.length ? parts.map((each) => `\n  | ${each}`).join("") : ` ${parts.join(" | ")}`;
}

/** The text of src/shared/traits.ts. */
export function traits({ widgets, $defs }) {
  const parts = ["/** What Python and the front end say to each other. Made of schema.json by `npm run build`. */\n"];
  for (const [name, schema] of Object.entries($defs)) parts.push(declaration(name, schema));
  for (const [name, { base = "Picture", traits: properties, messages: said }] of Object.entries(widgets)) {
    const schema = { properties, required: Object.keys(properties) };
    parts.push(declaration(`${capital(name)}Traits`, schema, ` extends ${base}`));
    for (const [way, suffix] of [
      ["to_python", "ToPython"],
      ["to_front_end", "ToFrontEnd"],
    ]) {
      if (said[way].length) parts.push(`export type ${capital(name)}${suffix} =${union(said[way])};\n`);
    }
  }
  return parts.join("\n");
}
