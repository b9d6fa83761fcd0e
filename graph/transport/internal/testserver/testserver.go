// Package testserver is a small GraphQL service for the tests of the websocket door: a log in memory that
// subscriptions read, queries that answer when told to, and resolvers that misbehave. Beside it is a
// websocket client that can say anything.
package testserver

//go:generate go tool gqlgen generate
