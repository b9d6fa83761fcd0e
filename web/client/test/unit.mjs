// What the package does without a cache.
import assert from 'node:assert/strict'

import { run } from '../../../test/clients/control.mjs'
import { enter } from '../../../test/clients/scenarios.mjs'
import { EventsDocument, MeDocument, SendNoteDocument } from '../dist/generated/documents.js'
import { ConnectionState, Resume, UserErrors, unwrap } from '../dist/index.js'
import { print } from 'graphql'
import { api } from './line.mjs'

const event = (cursor, __typename = 'NoteReceived') => ({ data: { events: { __typename, cursor } } })

await run([
  ['unwrap', async () => {
    const session = await enter()
    const other = await enter()
    const send = async (input) => unwrap((await api(session, print(SendNoteDocument), { input })).sendNote)
    const { note } = await send({ toUserIds: [other.id], body: 'hello' })
    assert.equal(note.body, 'hello')
    await assert.rejects(send({ toUserIds: [session.id], body: '' }), (error) => {
      assert.ok(error instanceof UserErrors)
      assert.deepEqual(error.errors.map(({ code }) => code).sort(), ['INVALID', 'REQUIRED'])
      assert.equal(error.on('body')[0].code, 'REQUIRED')
      assert.equal(error.on('nowhere').length, 0)
      assert.ok(error.has('INVALID') && !error.has('TAKEN'))
      return true
    })
    assert.throws(() => unwrap(undefined), TypeError)
  }],
  ['Resume', () => {
    const given = Object.freeze({ after: 'a', device: 'd' })
    const resume = Resume.of(EventsDocument, given)
    assert.deepEqual(resume.variables, { after: 'a', device: 'd' })
    assert.ok(resume.accept(event('b')))
    assert.equal(resume.variables.after, 'b')
    assert.ok(resume.accept(event('b', 'StreamReady')), 'a position is no repeat')
    assert.ok(!resume.accept(event('b')), 'a repeat')
    assert.ok(resume.accept({ data: null }), 'what is no event goes on')
    assert.equal(Resume.of(MeDocument, {}), undefined)
  }],
  ['ConnectionState', () => {
    const state = new ConnectionState()
    const statuses = []
    const stop = state.subscribe(() => statuses.push(state.get()))
    const resume = Resume.of(EventsDocument, {}, state)
    state.socket('connecting')
    state.socket('connected')
    resume.accept(event('a', 'StreamReady'))
    state.socket('offline')
    state.socket('connecting')
    state.socket('connected')
    resume.accept(event('b'))
    resume.end()
    assert.deepEqual(statuses, ['connecting', 'catching-up', 'connected', 'offline', 'connecting', 'catching-up', 'connected'])
    stop()
    state.socket('offline')
    assert.equal(statuses.length, 7)
  }],
])
