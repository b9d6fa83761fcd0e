package graph_test

import (
	"testing"

	"github.com/notewire/notewire/internal/sitetest"
)

const conversationFields = `{ id kind name title participantCount unreadCount isRequest viewerParticipant { role user { username } } participants(first: 100) { nodes { role user { username } } } }`

const (
	createGroup        = `mutation($in: CreateGroupInput!) { createGroup(input: $in) { conversation ` + conversationFields + ` cursor userErrors { code message field } } }`
	renameConversation = `mutation($in: RenameConversationInput!) { renameConversation(input: $in) { conversation { id title } cursor userErrors { code message field } } }`
	addParticipants    = `mutation($in: AddParticipantsInput!) { addParticipants(input: $in) { conversation ` + conversationFields + ` cursor userErrors { code message field } } }`
	removeParticipant  = `mutation($in: RemoveParticipantInput!) { removeParticipant(input: $in) { conversation ` + conversationFields + ` cursor userErrors { code message field } } }`
	leaveConversation  = `mutation($in: LeaveConversationInput!) { leaveConversation(input: $in) { leftConversationId unread ` + countFields + ` cursor userErrors { code message field } } }`
	createRoom         = `mutation($in: CreateRoomInput!) { createRoom(input: $in) { conversation ` + conversationFields + ` cursor userErrors { code message field } } }`
	joinRoom           = `mutation($in: JoinRoomInput!) { joinRoom(input: $in) { conversation ` + conversationFields + ` cursor userErrors { code message field } } }`
)

// refusals runs a mutation with inputs that must be refused, and sees that nothing was written: to no log.
type refusal struct {
	name string
	by   *client
	in   vars
	want string // the user errors, or the code of the error
}

func refusedAll(t *testing.T, site *sitetest.Server, mutation, field string, list ...refusal) {
	t.Helper()
	before := written(t, site)
	for _, c := range list {
		r := c.by.Do(mutation, vars{"in": c.in})
		got := r.Code()
		if got == "" {
			for _, e := range r.UserErrors(field) {
				if got != "" {
					got += ", "
				}
				got += e
			}
		}
		equal(t, field+": "+c.name, c.want, got)
		if r.Data != nil && r.Data[field] != nil && r.Get(field+".cursor") != nil {
			t.Errorf("%s: %s: a cursor was given", field, c.name)
		}
	}
	equal(t, field+": rows before and after the refusals", before, written(t, site))
}

// written counts what a refused mutation must not have written.
func written(t *testing.T, site *sitetest.Server) (n [4]int) {
	t.Helper()
	err := site.DB.QueryRowContext(t.Context(), `SELECT (SELECT count(*) FROM events), (SELECT count(*) FROM conversations), (SELECT count(*) FROM participants), (SELECT count(*) FROM topics)`).
		Scan(&n[0], &n[1], &n[2], &n[3])
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// group makes a group.
func group(by *client, title string, others ...*client) (id string) {
	return by.Do(createGroup, vars{"in": vars{"title": title, "userIds": idsOf(others)}}).NoErrors().Text("createGroup.conversation.id")
}

// members are the participants of a conversation as "username ROLE".
func members(t *testing.T, r *sitetest.Result, path string) (list []string) {
	t.Helper()
	for _, p := range r.List(path + ".participants.nodes") {
		list = append(list, sitetest.Get(t, p, "user.username").(string)+" "+sitetest.Get(t, p, "role").(string))
	}
	return list
}

func leave(by *client, conversation string) *sitetest.Result {
	return by.Do(leaveConversation, vars{"in": vars{"conversationId": conversation}})
}

// nobodys are identifiers that are no user's, or no conversation's: one that does not exist, one of another
// kind, and no identifier at all.
const (
	noUserID         = "user_01h455vb4pex5vsknk084sn02q"
	noConversationID = "conversation_01h455vb4pex5vsknk084sn02q"
)
