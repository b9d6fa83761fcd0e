graphql`
  query MailboxQuery($count: Int!) {
    viewer {
      ...Inbox_viewer @arguments(count: $count)
    }
    posts(first: 10) @connection(key: "Mailbox_posts") {
      edges {
        node {
          ...Mailbox_likeable
        }
      }
    }
  }
`

graphql`
  fragment Mailbox_likeable on Likeable @refetchable(queryName: "MailboxLikeableQuery") {
    id
    likeCount
    viewerHasLiked
    ... on Post {
      title
      author {
        displayName
      }
    }
  }
`
