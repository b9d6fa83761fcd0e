graphql`
  subscription NoteSubscription($after: Cursor) {
    noteReceived(after: $after) {
      cursor
      unread {
        id
        notes
      }
      note {
        id
        body
      }
    }
  }
`
