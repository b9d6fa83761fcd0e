// A plugin of graphql-codegen: what normalised caches must know of the schema.
import { getNamedType, isAbstractType, isIntrospectionType, isObjectType } from 'graphql';

const paging = new Set(['first', 'after', 'last', 'before']);

const byName = (a, b) => (a.name < b.name ? -1 : 1);

const constant = (description, name, type, value) =>
  `/** ${description} */\nexport const ${name}: ${type} = ${JSON.stringify(value, null, 2)};\n`;

export function plugin(schema) {
  const types = Object.values(schema.getTypeMap()).filter((type) => !isIntrospectionType(type)).sort(byName);
  const possibleTypes = {};
  for (const type of types.filter(isAbstractType)) {
    possibleTypes[type.name] = schema.getPossibleTypes(type).map(({ name }) => name).sort();
  }
  const roots = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()];
  const objects = types.filter(isObjectType);
  const keyless = objects.filter((type) => !roots.includes(type) && !('id' in type.getFields())).map(({ name }) => name);
  const connections = {};
  for (const type of objects) {
    for (const field of Object.values(type.getFields())) {
      if (!getNamedType(field.type).name.endsWith('Connection')) continue;
      connections[type.name] ??= {};
      connections[type.name][field.name] = field.args.map(({ name }) => name).filter((name) => !paging.has(name));
    }
  }
  return [
    constant('The types behind each interface and union.', 'possibleTypes', 'Record<string, string[]>', possibleTypes),
    constant('The types without an `id`: a cache keeps them within what they belong to.', 'keyless', 'readonly string[]', keyless),
    constant(
      'By type and field, the paged lists, and the arguments that make another list of each.',
      'connections',
      'Record<string, Record<string, string[]>>',
      connections,
    ),
  ].join('\n');
}
