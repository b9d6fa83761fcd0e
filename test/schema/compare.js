// Compares schema.graphqls with that of the last release, and fails when a change would break a client of that release:
// something removed or renamed, a field that may now be null, an argument that is now required. Additions pass.
import { readFileSync } from "node:fs";
import { CriticalityLevel, diff } from "@graphql-inspector/core";
import { buildSchema } from "graphql";

const read = (path) => buildSchema(readFileSync(new URL(path, import.meta.url), "utf8"));

const changes = await diff(read("released.graphqls"), read("../../schema.graphqls"));
for (const change of changes) {
  console.log(`${change.criticality.level}: ${change.message}`);
}
const breaking = changes.filter((change) => change.criticality.level === CriticalityLevel.Breaking);
console.log(`${changes.length} changes since the last release, ${breaking.length} of them breaking`);
process.exitCode = breaking.length > 0 ? 1 : 0;
