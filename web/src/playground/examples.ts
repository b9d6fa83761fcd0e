// The tabs that the playground opens with, in the order in which a newcomer would try them. A tab is named by its operation.
//
// The first one has no variables and needs no account: GraphiQL shows the variables of a default tab only once it has been
// left, and the first click on "run" should already answer something.

export interface Example {
  readonly query: string;
  /** What the Variables editor holds. Placeholders say where their value comes from. */
  readonly variables?: Readonly<Record<string, unknown>>;
}

/** The fields by which a form is told what was wrong with it. */
const userErrors = `userErrors {
      code
      message
      field
    }`;

export const examples: readonly Example[] = [
  {
    query: `# Welcome. The tabs are a tour: read the board, make
# an account, listen, send a note. Run this one with
# Ctrl-Enter (on a Mac, Cmd-Enter): anyone may.

query Posts {
  posts(first: 10) {
    nodes {
      id
      title
      author {
        id
        displayName
      }
      commentCount
      likeCount
      createdAt
    }
    pageInfo {
      hasNextPage
      endCursor
    }
  }
}
`,
  },
  {
    query: `# Makes an account. The token of the answer goes into
# the Headers, here and in each tab that you open next,
# unless something is written there already.

mutation Register($input: RegisterInput!) {
  register(input: $input) {
    token
    expiresAt
    viewer {
      id
      user {
        id
        username
        displayName
      }
    }
    ${userErrors}
  }
}
`,
    variables: { input: { username: 'minji', password: 'choose a long one', displayName: '민지' } },
  },
  {
    query: `# For an account that is already there. As with
# Register, the token goes into empty Headers; to act
# as someone else, replace it there.

mutation Login($input: LoginInput!) {
  login(input: $input) {
    token
    expiresAt
    viewer {
      id
      user {
        id
        username
        displayName
      }
    }
    ${userErrors}
  }
}
`,
    variables: { input: { username: 'minji', password: 'choose a long one' } },
  },
  {
    query: `# What the signed-in user sees on opening the site: the
# badge, the newest notes and notifications, and the
# cursor from which to go live.

query Inbox {
  viewer {
    id
    cursor
    unread {
      id
      notes
      conversations
      notifications
      unseenNotifications
    }
    notes(box: INBOX, first: 10) {
      nodes {
        id
        body
        sender {
          id
          displayName
        }
        conversation {
          id
          title
        }
        createdAt
      }
      pageInfo {
        hasNextPage
        endCursor
      }
    }
    notifications(first: 10) {
      nodes {
        id
        kind
        actorCount
        actors {
          id
          displayName
        }
        isRead
        updatedAt
      }
    }
  }
}
`,
  },
  {
    query: `# Everything that happens to the signed-in user, live.
# Leave it running, and send a note from another window.
#
# To resume, give the cursor of the last event handled:
# nothing in between is lost, and nothing comes twice.

subscription Events($after: Cursor) {
  events(after: $after) {
    __typename
    cursor
    occurredAt
    unread {
      id
      notes
      notifications
    }
    ... on NoteReceived {
      note {
        id
        body
        sender {
          id
          displayName
        }
      }
    }
    ... on NoteSent {
      note {
        id
        body
      }
    }
    ... on NotificationReceived {
      notification {
        id
        kind
        actorCount
      }
    }
    ... on StreamReady {
      resumed
    }
  }
}
`,
    variables: { after: null },
  },
  {
    query: `# Finds someone to write to: SendNote wants the id.

query People($search: String!) {
  users(search: $search, first: 10) {
    nodes {
      id
      username
      displayName
    }
  }
}
`,
    variables: { search: 'min' },
  },
  {
    query: `# One id writes to that person; several make a new group.

mutation SendNote($input: SendNoteInput!) {
  sendNote(input: $input) {
    note {
      id
      body
      createdAt
    }
    conversation {
      id
      kind
      unreadCount
    }
    cursor
    ${userErrors}
  }
}
`,
    variables: { input: { toUserIds: ['an id that People answered'], body: '안녕하세요! Shall we meet on Saturday?' } },
  },
  {
    query: `mutation CreatePost($input: CreatePostInput!) {
  createPost(input: $input) {
    post {
      id
      title
      createdAt
    }
    ${userErrors}
  }
}
`,
    variables: { input: { title: 'A walk along the river', body: 'Saturday at ten, from the old bridge. All welcome.' } },
  },
  {
    query: `# The comments of one post, live. Anyone may listen.

subscription CommentAdded($postId: ID!) {
  commentAdded(postId: $postId) {
    cursor
    comment {
      id
      body
      author {
        id
        displayName
      }
      createdAt
    }
  }
}
`,
    variables: { postId: 'an id that Posts or CreatePost answered' },
  },
  {
    query: `mutation AddComment($input: AddCommentInput!) {
  addComment(input: $input) {
    comment {
      id
      body
      createdAt
    }
    ${userErrors}
  }
}
`,
    variables: { input: { postId: 'an id that Posts or CreatePost answered', body: 'I will bring tea.' } },
  },
  {
    query: `# For posts and comments. Liking twice is liking once.

mutation Like($input: LikeInput!) {
  like(input: $input) {
    subject {
      id
      likeCount
      viewerHasLiked
    }
    ${userErrors}
  }
}
`,
    variables: { input: { subjectId: 'the id of a post or a comment' } },
  },
];
