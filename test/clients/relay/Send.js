graphql`
  mutation SendMutation($input: SendNoteInput!) {
    sendNote(input: $input) {
      note {
        id
        body
        isMine
      }
      cursor
      userErrors {
        code
        message
        field
      }
    }
  }
`
