package stream

import (
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
)

// party is two processes of a site, each with its own line to the broker, and readers of all topics on both.
type party struct {
	t         *testing.T
	lines     [2]*line
	processes [2]*process
	topics    []uuid.UUID
	readers   []*reader
	written   int // events of each topic
}

const partyTopics = 3

// gather starts both processes; those in absent have no broker at their start.
func gather(t *testing.T, v venue, poll time.Duration, absent ...int) *party {
	t.Helper()
	p := &party{t: t}
	for i := range p.processes {
		p.lines[i] = v.line(t)
	}
	for _, i := range absent {
		p.lines[i].cut()
	}
	for i := range p.processes {
		p.processes[i] = start(t, v.dsn, poll, v.over(t, p.lines[i]))
	}
	p.topics = p.processes[0].topics(partyTopics)
	for _, process := range p.processes {
		for _, id := range p.topics {
			p.readers = append(p.readers, process.reader(id, Now))
		}
	}
	if len(absent) == 0 {
		p.connected()
	}
	for _, i := range absent {
		if p.processes[i].hub.Connected() {
			t.Fatal("connected to a broker that is not there")
		}
	}
	return p
}

// write adds n events to each topic from both processes, and has all readers read them. each, if any, is
// called after each write.
func (p *party) write(n int, each func(i int)) {
	p.t.Helper()
	var all sync.WaitGroup
	for _, process := range p.processes {
		all.Go(func() {
			for i := range n {
				process.write(nil, p.topics...)
				if each != nil {
					each(i)
				}
			}
		})
	}
	all.Wait()
	p.written += 2 * n
	for i, r := range p.readers {
		for seq, e := range r.until(p.written) {
			if e.Seq != int64(seq+1) || e.Topic != p.topics[i%partyTopics] {
				p.t.Fatalf("event %d is %+v", seq+1, e)
			}
		}
	}
}

// end checks that nothing has come twice.
func (p *party) end() {
	p.t.Helper()
	p.write(1, nil)
	for _, r := range p.readers {
		if len(r.got) != p.written {
			p.t.Errorf("%d events were read of %d", len(r.got), p.written)
		}
	}
}

func (p *party) connected() {
	p.t.Helper()
	for _, process := range p.processes {
		eventually(p.t, "the broker is connected", process.hub.Connected)
	}
}

// TestABrokerMayBeAway has the broker be absent at the start, go down and come up, and flap under load:
// writes are acknowledged, and every event arrives, once and in order.
func TestABrokerMayBeAway(t *testing.T) {
	t.Parallel()
	for name, meet := range venues {
		t.Run(name+" absent at the start", func(t *testing.T) {
			t.Parallel()
			p := gather(t, meet(t), often, 0, 1)
			p.write(20, nil)
			p.lines[0].mend()
			p.lines[1].mend()
			p.connected()
			p.write(20, nil)
			p.end()
		})
		t.Run(name+" down and up", func(t *testing.T) {
			t.Parallel()
			p := gather(t, meet(t), often)
			for range 3 {
				p.write(10, nil)
				p.lines[0].cut()
				p.lines[1].cut()
				p.write(10, nil)
				for _, process := range p.processes {
					eventually(t, "the loss is noticed", func() bool { return !process.hub.Connected() })
				}
				p.write(10, nil)
				p.lines[0].mend()
				p.lines[1].mend()
				p.connected()
			}
			p.end()
		})
		t.Run(name+" flapping", func(t *testing.T) {
			t.Parallel()
			p := gather(t, meet(t), often)
			p.write(60, func(i int) {
				l := p.lines[i/3%2]
				if i%3 == 0 {
					l.cut()
				} else {
					l.mend()
				}
			})
			p.lines[0].mend()
			p.lines[1].mend()
			p.connected()
			p.end()
		})
	}
}

// TestOneServerIsCutFromTheBroker leaves the other connected: both deliver everything, and nothing comes
// twice when the line is whole again.
func TestOneServerIsCutFromTheBroker(t *testing.T) {
	t.Parallel()
	for name, meet := range venues {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := gather(t, meet(t), often)
			p.write(5, nil)
			p.lines[0].cut()
			eventually(t, "the loss is noticed", func() bool { return !p.processes[0].hub.Connected() })
			p.write(30, nil)
			if !p.processes[1].hub.Connected() {
				t.Error("the other lost its broker too")
			}
			p.lines[0].mend()
			p.connected()
			p.write(30, nil)
			p.end()
		})
	}
}

// TestWhatTheBrokerMissedIsReadWhenItIsBack has no poll to help: lost alone finds what was written while a
// process was cut from the broker, and after that wakes come again.
func TestWhatTheBrokerMissedIsReadWhenItIsBack(t *testing.T) {
	t.Parallel()
	for name, meet := range venues {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := gather(t, meet(t), never)
			p.write(3, nil) // wakes alone carry these
			p.lines[0].cut()
			eventually(t, "the loss is noticed", func() bool { return !p.processes[0].hub.broker.Connected() })
			p.processes[1].write(nil, p.topics...)
			p.written++
			p.lines[0].mend()
			for _, r := range p.readers {
				r.until(p.written)
			}
			p.connected()
			p.write(3, nil)
			p.end()
		})
	}
}
