// relay-compiler reads only files that end in .graphql.
import { copyFileSync, mkdirSync } from 'node:fs';

const here = (name) => new URL(name, import.meta.url);

mkdirSync(here('__generated__'), { recursive: true });
copyFileSync(here('../../schema.graphqls'), here('schema.graphql'));
