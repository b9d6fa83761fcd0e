graphql`
  fragment Inbox_viewer on Viewer @refetchable(queryName: "InboxPageQuery") @argumentDefinitions(count: { type: "Int", defaultValue: 20 }, cursor: { type: "String" }) {
    notes(first: $count, after: $cursor) @connection(key: "Inbox_notes") {
      edges {
        node {
          id
          body
        }
      }
    }
  }
`
