// One whole round with Toxiproxy's own Go client: what it saw, as JSON lines.
// main API_PORT ECHO_PORT ROWS: toxics to try, as JSON: [{ type, stream, attributes, update, send, till }]
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"os"
	"slices"
	"syscall"
	"time"

	toxiproxy "github.com/Shopify/toxiproxy/v2/client"
)

const patience = 5 * time.Second

type row struct {
	Type, Stream, Till string
	Attributes, Update toxiproxy.Attributes
	Send               int
}

type facts map[string]any

func say(step string, all ...facts) {
	line := facts{"step": step}
	for _, some := range all {
		maps.Copy(line, some)
	}
	text, err := json.Marshal(line)
	must(err)
	fmt.Println(string(text))
}

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func sure[T any](value T, err error) T {
	must(err)
	return value
}

func since(start time.Time) float64 { return float64(time.Since(start).Microseconds()) / 1000 }

func endOf(err error) string {
	switch {
	case err == nil:
		return "open"
	case errors.Is(err, io.EOF):
		return "eof"
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return "reset"
	case errors.Is(err, os.ErrDeadlineExceeded):
		return "silence"
	}
	return err.Error()
}

// What is sent ends in a line's end if the echo is to end the connection.
func exchangeOn(conn net.Conn, size int, till string) facts {
	sent := bytes.Repeat([]byte("abcdefg"), size/7+1)[:size]
	if till == "end" {
		sent[size-1] = '\n'
	}
	start := time.Now()
	conn.SetReadDeadline(start.Add(patience))
	written := make(chan error, 1)
	go func() {
		_, err := conn.Write(sent)
		written <- err
	}()
	got, chunk := []byte{}, make([]byte, 65536)
	var err error
	for err == nil && (till == "end" || len(got) < size) {
		var read int
		read, err = conn.Read(chunk)
		got = append(got, chunk[:read]...)
	}
	took := since(start)
	if err == nil {
		err = <-written
	}
	return facts{"bytes": len(got), "intact": bytes.HasPrefix(sent, got), "end": endOf(err), "tookMs": took}
}

func exchange(proxy *toxiproxy.Proxy, size int, till string) facts {
	conn := sure(net.Dial("tcp", proxy.Listen))
	defer conn.Close()
	return exchangeOn(conn, size, till)
}

func connect(proxy *toxiproxy.Proxy) facts {
	conn, err := net.Dial("tcp", proxy.Listen)
	if errors.Is(err, syscall.ECONNREFUSED) {
		return facts{"connect": "refused"}
	}
	must(err)
	conn.Close()
	return facts{"connect": "accepted"}
}

func errorOf(err error) facts {
	if err == nil {
		return facts{"error": "none"}
	}
	return facts{"error": err.Error()}
}

func factsOf(toxic *toxiproxy.Toxic) facts {
	return facts{"name": toxic.Name, "stream": toxic.Stream, "toxicity": toxic.Toxicity, "attributes": toxic.Attributes}
}

func names(client *toxiproxy.Client) []string {
	all := slices.AppendSeq([]string{}, maps.Keys(sure(client.Proxies())))
	slices.Sort(all)
	return all
}

func main() {
	client := toxiproxy.NewClient("127.0.0.1:" + os.Args[1])
	upstream := "127.0.0.1:" + os.Args[2]
	rows := []row{}
	must(json.Unmarshal([]byte(os.Args[3]), &rows))

	version := struct{ Version string }{}
	must(json.Unmarshal(sure(client.Version()), &version))
	say("version", facts{"version": version.Version})
	proxy := sure(client.CreateProxy("round", "127.0.0.1:0", upstream))
	host, _, _ := net.SplitHostPort(proxy.Listen)
	say("created", facts{"name": proxy.Name, "host": host}, exchange(proxy, 5, "echo"))
	say("listed", facts{"names": names(client)})
	found := sure(client.Proxy("round"))
	say("found", facts{"enabled": found.Enabled, "asGiven": found.Upstream == upstream && found.Listen == proxy.Listen})
	_, err := client.CreateProxy("round", "127.0.0.1:0", upstream)
	say("duplicate", errorOf(err))
	_, err = client.Proxy("nobody")
	say("unknown proxy", errorOf(err))
	say("unknown toxic", errorOf(proxy.RemoveToxic("nobody")))
	_, err = proxy.AddToxic("", "walrus", "", 1, nil)
	say("invalid type", errorOf(err))
	_, err = proxy.AddToxic("", "latency", "sideways", 1, nil)
	say("invalid stream", errorOf(err))

	must(proxy.Disable())
	say("disabled", facts{"enabled": sure(client.Proxy("round")).Enabled}, connect(proxy))
	must(proxy.Enable())
	say("enabled", facts{"enabled": sure(client.Proxy("round")).Enabled}, exchange(proxy, 5, "echo"))

	for _, row := range rows {
		toxic, err := proxy.AddToxic("", row.Type, row.Stream, 1, row.Attributes)
		if err != nil {
			say(row.Type+" added", errorOf(err))
			continue
		}
		say(row.Type+" added", factsOf(toxic), exchange(proxy, row.Send, row.Till))
		if row.Update != nil {
			toxic = sure(proxy.UpdateToxic(toxic.Name, 1, row.Update))
			say(row.Type+" updated", factsOf(toxic), exchange(proxy, row.Send, row.Till))
		}
		must(proxy.RemoveToxic(toxic.Name))
		say(row.Type+" removed", facts{"toxics": len(sure(proxy.Toxics()))}, exchange(proxy, row.Send, row.Till))
	}

	slow := toxiproxy.Attributes{"latency": 400}
	never := sure(proxy.AddToxic("", "latency", "upstream", 0, slow))
	say("toxicity 0", factsOf(never), exchange(proxy, 5, "echo"))
	must(proxy.RemoveToxic(never.Name))

	live := sure(net.Dial("tcp", proxy.Listen))
	before := exchangeOn(live, 5, "echo")
	sure(proxy.AddToxic("slow", "latency", "upstream", 1, slow))
	with := exchangeOn(live, 5, "echo")
	must(proxy.RemoveToxic("slow"))
	after := exchangeOn(live, 5, "echo")
	sure(proxy.AddToxic("silent", "timeout", "upstream", 1, toxiproxy.Attributes{"timeout": 0}))
	must(proxy.RemoveToxic("silent"))
	start := time.Now()
	live.SetReadDeadline(start.Add(patience))
	_, err = live.Read(make([]byte, 1))
	say("live", facts{"beforeMs": before["tookMs"], "withMs": with["tookMs"], "afterMs": after["tookMs"], "end": endOf(err), "endMs": since(start)})

	must(proxy.Disable())
	sure(proxy.AddToxic("", "latency", "upstream", 1, slow))
	must(client.ResetState())
	now := sure(client.Proxy("round"))
	say("reset", facts{"enabled": now.Enabled, "toxics": len(now.ActiveToxics)}, exchange(proxy, 5, "echo"))

	populated := sure(client.Populate([]toxiproxy.Proxy{
		{Name: "round-a", Listen: "127.0.0.1:0", Upstream: upstream, Enabled: true},
		{Name: "round-b", Listen: "127.0.0.1:0", Upstream: upstream, Enabled: true},
	}))
	several := facts{"names": []string{}, "bytes": []any{}, "all": names(client)}
	for _, one := range populated {
		several["names"] = append(several["names"].([]string), one.Name)
		several["bytes"] = append(several["bytes"].([]any), exchange(one, 5, "echo")["bytes"])
		must(one.Delete())
	}
	say("populated", several)
	must(proxy.Delete())
	say("deleted", facts{"names": names(client)}, connect(proxy))
}
