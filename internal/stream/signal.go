package stream

import (
	"github.com/google/uuid"
)

// maxSignals is how many signals wait for the broker at most, a megabyte or two. When there are more, the rest
// is lost, as any signal may be.
const maxSignals = 8192

// signalKey says which signals replace each other while the broker is busy.
type signalKey struct {
	topic uuid.UUID
	key   string
}

// listener is somebody who hears the signals of a topic.
type listener struct{ hear func(data string) }

// Signal sends data, at most MaxSignal bytes, to all processes where somebody listens to the topic; to this one
// too, when the broker gives it back. A signal that still waits is replaced by the next one of the same topic
// and key. It may be lost, repeated and overtaken by others; nothing is stored. Signal does not block.
func (h *Hub) Signal(topic uuid.UUID, key, data string) {
	if len(data) > MaxSignal {
		h.slog.Error("a signal that is too long was not sent", "bytes", len(data))
		return
	}
	k := signalKey{topic, key}
	h.outMu.Lock()
	if _, waits := h.outSignals[k]; waits || len(h.outSignals) < maxSignals {
		h.outSignals[k] = data
	}
	h.outMu.Unlock()
	ring(h.outBell)
}

// OnSignal calls hear with the signals of a topic that any process sends from now on. hear must not block.
// Nothing is called once stop has returned and calls under way have ended.
func (h *Hub) OnSignal(topic uuid.UUID, hear func(data string)) (stop func()) {
	l := &listener{hear}
	h.mu.Lock()
	if h.listeners[topic] == nil {
		h.listeners[topic] = map[*listener]struct{}{}
		h.move(topic)
	}
	h.listeners[topic][l] = struct{}{}
	h.mu.Unlock()
	return func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		delete(h.listeners[topic], l)
		if len(h.listeners[topic]) == 0 {
			delete(h.listeners, topic)
			h.move(topic)
		}
	}
}

// signalled hands on what came from the broker, in its order.
func (h *Hub) signalled(signals []Signal) {
	type call struct {
		*listener
		data string
	}
	var calls []call
	h.mu.Lock()
	for _, s := range signals {
		for l := range h.listeners[s.Topic] {
			calls = append(calls, call{l, s.Data})
		}
	}
	h.mu.Unlock()
	for _, c := range calls {
		c.hear(c.data)
	}
}
