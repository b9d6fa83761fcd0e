graphql`
  query ViewerQuery {
    viewer {
      id
      cursor
      user {
        username
      }
      unread {
        id
        notes
      }
    }
  }
`
