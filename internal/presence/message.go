package presence

import (
	"encoding/binary"

	"github.com/google/uuid"
)

// process tells the processes of a site apart.
type process [8]byte

// kind is what a message says.
type kind byte

const (
	asks      kind = 'a' // a process that has just begun to listen: say at once who is present
	isPresent kind = 'p' // value 1: the user is present in the process; 0: not any more
	isTyping  kind = 't' // value: for how many milliseconds from now; 0: not any more
	hasRead   kind = 'r' // value: seq of the newest note that the user has read
)

// message is what processes tell each other about a conversation, as the data of a signal.
type message struct {
	kind    kind
	process process
	user    uuid.UUID // nil where a process asks
	value   int64
}

const (
	// Of two messages that begin alike, up to the value, the later one is enough.
	keySize     = 1 + 8 + 16
	messageSize = keySize + 8
)

func (m message) encode() string {
	b := append(append(append(make([]byte, 0, messageSize), byte(m.kind)), m.process[:]...), m.user[:]...)
	return string(binary.BigEndian.AppendUint64(b, uint64(m.value)))
}

// decode fails for what another version of the program may have sent.
func decode(data string) (m message, ok bool) {
	if len(data) != messageSize {
		return m, false
	}
	m.kind, m.process, m.user = kind(data[0]), process([]byte(data[1:9])), uuid.UUID([]byte(data[9:keySize]))
	m.value = int64(binary.BigEndian.Uint64([]byte(data[keySize:])))
	return m, true
}
