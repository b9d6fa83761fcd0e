import { fileURLToPath } from "node:url";
import graphql from "@graphql-eslint/eslint-plugin";

const schema = fileURLToPath(new URL("../../schema.graphqls", import.meta.url));

export default [
  {
    files: ["**/*.graphqls"],
    languageOptions: { parser: graphql.parser, parserOptions: { graphQLConfig: { schema } } },
    plugins: { "@graphql-eslint": graphql },
    rules: {
      ...graphql.configs["flat/schema-recommended"].rules,
      ...graphql.configs["flat/schema-relay"].rules,

      // "One line" where a line is enough, """a block""" where not.
      "@graphql-eslint/description-style": "off",

      // Everything is described: what the recommended set asks of types and root fields, and all that is within them.
      "@graphql-eslint/require-description": [
        "error",
        {
          types: true,
          rootField: true,
          DirectiveDefinition: true,
          EnumValueDefinition: true,
          FieldDefinition: true,
          InputValueDefinition: true,
        },
      ],

      // Connections have `nodes` beside their edges, and payloads a list of userErrors: lists may wrap other types.
      "@graphql-eslint/relay-edge-types": ["error", { listTypeCanWrapOnlyEdgeType: false }],

      // What a client cache normalises has an id. These are parts of an answer and belong to nobody's cache by themselves;
      // an event is named by its cursor.
      "@graphql-eslint/strict-id-in-types": [
        "error",
        {
          exceptions: {
            types: [
              "PageInfo",
              "UserError",
              "NoteReceived",
              "NoteSent",
              "ConversationRead",
              "NotificationReceived",
              "NotificationChanged",
              "NotificationRetracted",
              "CommentAdded",
              "NoteChanged",
              "ConversationChanged",
              "NoteDeleted",
              "ConversationRemoved",
              "RoomNoteAdded",
              "ConversationActivity",
              "StreamReady",
              "UnreadChanged",
              "EventPage",
              "NotificationPreference",
            ],
            suffixes: ["Connection", "Edge", "Payload"],
          },
        },
      ],
    },
  },
];
