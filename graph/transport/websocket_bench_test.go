package transport_test

import (
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/notewire/notewire/graph/transport"
)

// BenchmarkIdleSockets measures what an idle socket with one subscription costs: all memory of the process
// over its start, before and after every subscription has had one event. Run it with -benchtime 1x; it
// needs 10,100 descriptors in each of two processes.
func BenchmarkIdleSockets(b *testing.B) {
	const sockets = 10_000
	for range b.N {
		s := newService(b, &transport.Websocket{})
		warm := connect(b, s.url)
		warm.subscribe("a", followQuery)
		before := residentKiB(b)
		start := time.Now()
		clients := startClients(b, s.url, sockets, 1)
		clients.await("subscribed")
		b.ReportMetric(sockets/time.Since(start).Seconds(), "subscribes/s")
		subscribed := residentKiB(b)
		s.Log.Publish("followed", "one event", 1)
		clients.await("received")
		used := residentKiB(b)
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		b.ReportMetric(float64(subscribed-before)/sockets, "KiB/socket-subscribed")
		b.ReportMetric(float64(used-before)/sockets, "KiB/socket-used")
		b.ReportMetric(float64(m.StackInuse)/1024/sockets, "KiB-stack/socket")
		b.ReportMetric(float64(m.HeapAlloc)/1024/sockets, "KiB-heap/socket")
		b.ReportMetric(float64(runtime.NumGoroutine())/sockets, "goroutines/socket")
		clients.stop()
	}
}

// BenchmarkFanOut measures the processor time of this process for one delivery: b.N events to 1,000
// sockets, each socket with an execution of its own. The clock stops when all have been received.
func BenchmarkFanOut(b *testing.B) {
	const sockets = 1000
	s := newService(b, &transport.Websocket{})
	clients := startClients(b, s.url, sockets, b.N)
	clients.await("subscribed")
	body := strings.Repeat("x", 300)
	b.ResetTimer()
	start := processorTime(b)
	for range b.N {
		s.Log.Publish("followed", body, 1)
		time.Sleep(time.Millisecond) // below what the server can do, so that events are not batched by need
	}
	clients.await("received")
	b.StopTimer()
	b.ReportMetric(float64((processorTime(b)-start).Nanoseconds())/1e3/float64(b.N)/sockets, "cpu-us/delivery")
	clients.stop()
}

func processorTime(t testing.TB) time.Duration {
	t.Helper()
	var u syscall.Rusage
	must(t, syscall.Getrusage(syscall.RUSAGE_SELF, &u))
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// residentKiB is the memory of this process after the collector has had its say.
func residentKiB(t testing.TB) int {
	t.Helper()
	runtime.GC()
	debug.FreeOSMemory()
	status, err := os.ReadFile("/proc/self/status")
	must(t, err)
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			kib, err := strconv.Atoi(strings.Fields(rest)[0])
			must(t, err)
			return kib
		}
	}
	t.Fatal("/proc/self/status has no VmRSS")
	return 0
}

const followQuery = `subscription Follow($topic: String!) { events(topic: $topic, after: "0") { cursor body } }`

func followMessage() string {
	return fmt.Sprintf(`{"id":"3c2f1c0a-8a52-4d3a-9c56-1f8f3f8d5b11","type":"subscribe","payload":{"query":%q,"variables":{"topic":"followed"}}}`, followQuery)
}
