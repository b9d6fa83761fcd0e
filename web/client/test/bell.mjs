// What a page shows from a normalised cache while nothing but the subscription `events` runs. A client is described by
//   make(session, { lists, fetch })  a client for a session; with lists, it keeps them right by the package's own updater
//   client.watch(document, variables, next)  calls next with the data of a query, now and whenever it changes
//   client.follow(variables)  subscribes to the events
//   client.state              how its line is
//   client.stop()             ends all of it
import assert from 'node:assert/strict'

import { ask } from '../../../test/clients/control.mjs'
import { enter } from '../../../test/clients/scenarios.mjs'
import { BellDocument, ConversationNotesDocument, ConversationsDocument, MeDocument, PostWithCommentsDocument } from '../dist/generated/documents.js'
import { api, cursorOf, seen, slowFetch } from './line.mjs'

const like = (session, subjectId) => api(session, 'mutation($subjectId: ID!) { like(input: { subjectId: $subjectId }) { userErrors { code } } }', { subjectId })
const unlike = (session, subjectId) => api(session, 'mutation($subjectId: ID!) { unlike(input: { subjectId: $subjectId }) { userErrors { code } } }', { subjectId })
const comment = (session, postId) => api(session, 'mutation($postId: ID!) { addComment(input: { postId: $postId, body: "." }) { userErrors { code } } }', { postId })
const send = (session, to, body) => api(session, 'mutation($to: ID!, $body: String!) { sendNote(input: { toUserIds: [$to], body: $body }) { conversation { id } userErrors { code } } }', { to, body })

async function post(session) {
  const { createPost } = await api(session, 'mutation { createPost(input: { title: "Of wires", body: "." }) { post { id } } }')
  return createPost.post.id
}

// Strangers' first notes wait as requests: who is written to first is none.
async function acquainted(session) {
  const other = await enter()
  await send(session, other.id, 'write to me')
  return other
}

function shown(client, document, variables, select) {
  const got = seen()
  client.watch(document, variables, (data) => got.next(select(data)))
  return got
}

const line = ({ actors, actorCount }) => (actorCount === 1 ? actors[0].username : `${actors[0].username} and ${actorCount - 1} others`)
const bellOf = (data) => data.viewer.notifications.edges.map(({ node }) => line(node))

export const withoutUpdater = (name, make) => [
  [`${name}: badge`, async () => {
    const session = await enter()
    const client = make(session)
    const badge = shown(client, MeDocument, {}, ({ viewer }) => viewer.unread.notes)
    await badge.shows(0)
    client.follow({ after: await cursorOf(session) })
    const friend = await acquainted(session)
    for (const count of [1, 2, 3]) {
      await send(friend, session.id, `note ${count}`)
      await badge.shows(count)
    }
    assert.deepEqual(badge.values, [0, 1, 2, 3])
    client.stop()
  }],
  [`${name}: grouped notification and likes of its post`, async () => {
    const [session, one, two, three] = await Promise.all([enter(), enter(), enter(), enter()])
    const id = await post(session)
    await like(one, id)
    const client = make(session)
    const bell = shown(client, BellDocument, {}, bellOf)
    const likes = shown(client, PostWithCommentsDocument, { id }, (data) => data.post.likeCount)
    await bell.shows([one.username])
    await likes.shows(1)
    client.follow({ after: await cursorOf(session) })
    await like(two, id)
    await bell.shows([`${two.username} and 1 others`])
    await like(three, id)
    await bell.shows([`${three.username} and 2 others`])
    await likes.shows(3)
    await unlike(three, id)
    await bell.shows([`${two.username} and 1 others`])
    await likes.shows(2)
    assert.deepEqual(likes.values, [1, 2, 3, 2])
    client.stop()
  }],
  [`${name}: likes and comments of a post, with the first notification of it`, async () => {
    const [session, other] = await Promise.all([enter(), enter()])
    const id = await post(session)
    const client = make(session)
    const counts = shown(client, PostWithCommentsDocument, { id }, (data) => [data.post.likeCount, data.post.commentCount])
    await counts.shows([0, 0])
    client.follow({ after: await cursorOf(session) })
    await like(other, id)
    await counts.shows([1, 0])
    await comment(other, id)
    await counts.shows([1, 1])
    client.stop()
  }],
]

export const withUpdater = (name, make) => [
  [`${name}: notifications come and go`, async () => {
    const [session, one, two] = await Promise.all([enter(), enter(), enter()])
    const [first, second] = [await post(session), await post(session)]
    const client = make(session, { lists: true })
    const bell = shown(client, BellDocument, {}, bellOf)
    const likes = shown(client, PostWithCommentsDocument, { id: first }, (data) => data.post.likeCount)
    await bell.shows([])
    await likes.shows(0)
    client.follow({ after: await cursorOf(session) })
    await like(one, first)
    await bell.shows([one.username])
    await like(two, second)
    await bell.shows([two.username, one.username])
    await like(two, first) // which grows, and moves to the top
    await bell.shows([`${two.username} and 1 others`, two.username])
    await unlike(two, first)
    await unlike(one, first)
    await bell.shows([two.username])
    await likes.shows(0)
    client.stop()
  }],
  [`${name}: conversations and their notes`, async () => {
    const session = await enter()
    const [one, two] = [await acquainted(session), await acquainted(session)]
    const { sendNote } = await send(session, one.id, 'again')
    const client = make(session, { lists: true })
    const conversations = shown(client, ConversationsDocument, {}, ({ viewer }) => viewer.conversations.edges.map(({ node }) => [node.lastNote.body, node.unreadCount]))
    const notes = shown(client, ConversationNotesDocument, { id: sendNote.conversation.id }, ({ viewer }) => viewer.conversation.notes.edges.map(({ node }) => node.body))
    await conversations.shows([['again', 0], ['write to me', 0]])
    await notes.shows(['again', 'write to me'])
    client.follow({ after: await cursorOf(session) })
    await send(two, session.id, 'from two')
    await conversations.shows([['from two', 1], ['again', 0]])
    await send(one, session.id, 'from one')
    await notes.shows(['from one', 'again', 'write to me'])
    await conversations.shows([['from one', 1], ['from two', 1]])
    client.stop()
  }],
  [`${name}: an answer that events have overtaken`, async () => {
    const [session, one, two] = await Promise.all([enter(), enter(), enter()])
    const [first, second] = [await post(session), await post(session)]
    const slow = slowFetch()
    const client = make(session, { lists: true, fetch: slow.fetch })
    const badge = shown(client, MeDocument, {}, ({ viewer }) => viewer.unread.notifications)
    await badge.shows(0)
    client.follow({ after: await cursorOf(session) })
    slow.hold()
    const bell = shown(client, BellDocument, {}, bellOf)
    await slow.answered(1)
    await like(one, first)
    await badge.shows(1)
    slow.letGo()
    await bell.shows([one.username])
    slow.hold()
    await like(one, second)
    await slow.answered(1) // the list is asked for again
    await like(two, second)
    await like(two, first)
    await badge.shows(2)
    slow.letGo()
    await bell.shows([`${two.username} and 1 others`, `${two.username} and 1 others`])
    client.stop()
  }],
  [`${name}: events are missing`, async () => {
    const session = await enter()
    const friend = await acquainted(session)
    const client = make(session, { lists: true })
    const badge = shown(client, MeDocument, {}, ({ viewer }) => viewer.unread.notifications)
    const bell = shown(client, BellDocument, {}, ({ viewer }) => viewer.notifications.edges.length)
    await badge.shows(0)
    await bell.shows(0)
    await send(friend, session.id, 'unheard')
    client.follow({}) // from now on: between the queries and this there is a hole
    await badge.shows(1)
    await bell.shows(1)
    client.stop()
  }],
  [`${name}: state of the line`, async () => {
    const session = await enter()
    const client = make(session, { lists: true })
    const state = seen()
    client.state.subscribe(() => state.next(client.state.get()))
    assert.equal(client.state.get(), 'offline')
    client.follow({ after: await cursorOf(session) })
    await state.shows('connected')
    await ask('kill')
    await ask('start')
    await state.shows('connected')
    assert.deepEqual(state.values.slice(0, 4), ['connecting', 'catching-up', 'connected', 'offline'])
    assert.deepEqual(state.values.slice(-3), ['connecting', 'catching-up', 'connected'])
    client.stop()
    await state.shows('offline')
  }],
]
