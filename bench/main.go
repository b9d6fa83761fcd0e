// Command bench measures Notewire as its users meet it: it builds and starts the server, loads it over real
// sockets, and prints what that cost. Each measurement is bounded in time and ends by itself.
//
//	go run ./bench idle           memory of idle subscribed sockets, and how fast they connect
//	go run ./bench wake           from a commit to a socket, with each broker; the cost of the net below them
//	go run ./bench search         searches among a million notes, and what their index costs
//	go run ./bench fanout         from a comment to thousands who watch the post, and what others notice of it
//	go run ./bench --help         all of it
package main

import (
	"fmt"
	"runtime"

	"github.com/alecthomas/kong"
)

type command struct {
	Idle   idle       `cmd:"" help:"Open subscribed sockets that then have nothing to do, and print the memory of each."`
	Search search     `cmd:"" help:"Fill a site with notes, index them and search as users do."`
	Wake   wake       `cmd:"" help:"Time the way from a commit to a socket with each broker, and count what the poll below them costs."`
	Fanout fanout     `cmd:"" help:"Time the way of comments to thousands who watch the post, and what others notice of it."`
	NATS   natsServer `cmd:"" name:"nats-server" hidden:""`
}

func main() {
	var c command
	k := kong.Parse(&c, kong.Name("bench"), kong.Description("Measures Notewire."), kong.UsageOnError())
	fmt.Printf("%s, %d processors\n", runtime.Version(), runtime.NumCPU())
	k.FatalIfErrorf(k.Run())
}
