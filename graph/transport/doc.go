// Package transport is the doors of the API: how GraphQL operations come in and go out over a
// websocket, plain HTTP, server-sent events and multipart responses. It knows gqlgen and the protocols,
// and nothing of notes, users or the event log.
package transport
