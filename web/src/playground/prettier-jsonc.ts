// GraphiQL prettifies JSON by Prettier with its JavaScript parser and printer, half a megabyte for indenting variables. This
// is a Prettier plugin for the same "jsonc" parser on top of jsonc-parser, which GraphiQL brings anyway. vite.config.ts puts
// it in the place of both modules, whence the two exports.

import { applyEdits, format } from 'jsonc-parser';
import type { AstPath, Parser, Printer } from 'prettier';

interface Text {
  text: string;
}

const jsonc: Parser<Text> = {
  astFormat: 'jsonc-text',
  parse: (text) => ({ text }),
  locStart: () => 0,
  locEnd: ({ text }) => text.length,
};

const printer: Printer<Text> = {
  print: ({ node }: AstPath<Text>) =>
    applyEdits(node.text, format(node.text, undefined, { insertSpaces: true, tabSize: 2, eol: '\n' })).trim(),
};

export const parsers = { jsonc };
export const printers = { 'jsonc-text': printer };
