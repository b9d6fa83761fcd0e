package notify

// Channel is a way to the user.
type Channel string

// InApp is the bell, and the events of open clients.
const InApp Channel = "IN_APP"

// Preference says whether one kind of notification takes one way to the user.
type Preference struct {
	Kind      Kind
	Channel   Channel
	IsEnabled bool
}
