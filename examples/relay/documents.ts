// Read by relay-compiler and never run: the page imports what it makes of them.
import { graphql } from 'react-relay';

graphql`
  query documentsBellQuery {
    viewer {
      cursor
      unread { id notifications }
      notifications(first: 20) @connection(key: "Bell_notifications") {
        __id
        edges { node { ...documentsLine @relay(mask: false) } }
      }
    }
  }
`;

graphql`
  fragment documentsLine on Notification {
    id
    kind
    actorCount
    actors(first: 1) { displayName }
    subject { __typename ... on Post { title likeCount } }
  }
`;

// What comes stands at the head of the list and what is gone leaves it: Relay's own directives say so.
graphql`
  subscription documentsEventsSubscription($after: Cursor, $bell: [ID!]!) {
    events(after: $after, onExpired: RESET) {
      __typename
      cursor
      unread { id notifications }
      ... on NotificationReceived {
        notification @prependNode(connections: $bell, edgeTypeName: "NotificationEdge") { ...documentsLine @relay(mask: false) }
      }
      ... on NotificationChanged { notification { ...documentsLine @relay(mask: false) } }
      ... on NotificationRetracted { notificationId @deleteRecord }
    }
  }
`;

graphql`
  mutation documentsLoginMutation($input: LoginInput!) {
    login(input: $input) { token userErrors { code message } }
  }
`;
