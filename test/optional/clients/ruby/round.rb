# One whole round with toxiproxy-ruby: what it saw, as JSON lines.
# round.rb API_PORT ECHO_PORT ROWS: toxics to try, as JSON: [{ type, stream, attributes, send, till }]
require "json"
require "socket"
require "toxiproxy"

API, ECHO, ROWS = ARGV[0].to_i, ARGV[1].to_i, JSON.parse(ARGV[2])
PATIENCE = 5

def say(step, facts) = puts(JSON.generate({ step: step, **facts }))

def now = Process.clock_gettime(Process::CLOCK_MONOTONIC)

def since(start) = ((now - start) * 1000).round(1)

def port_of(proxy) = proxy.listen[/\d+\z/].to_i

# What is sent ends in a line's end if the echo is to end the connection.
def exchange_on(socket, size, till)
  sent = ("abcdefg" * (size / 7 + 1))[0, size]
  sent[-1] = "\n" if till == "end"
  start = now
  socket.write(sent)
  got = +""
  ending = "open"
  while till == "end" || got.bytesize < size
    unless socket.wait_readable([start + PATIENCE - now, 0].max)
      ending = "silence"
      break
    end
    got << socket.readpartial(65_536)
  end
  { bytes: got.bytesize, intact: sent.start_with?(got), end: ending, tookMs: since(start) }
rescue EOFError
  { bytes: got.bytesize, intact: sent.start_with?(got), end: "eof", tookMs: since(start) }
rescue Errno::ECONNRESET, Errno::EPIPE
  { bytes: got.bytesize, intact: sent.start_with?(got), end: "reset", tookMs: since(start) }
end

def exchange(proxy, size = 5, till = "echo")
  socket = TCPSocket.new("127.0.0.1", port_of(proxy))
  exchange_on(socket, size, till)
ensure
  socket&.close
end

def connect(proxy)
  TCPSocket.new("127.0.0.1", port_of(proxy)).close
  "accepted"
rescue Errno::ECONNREFUSED
  "refused"
end

def error_of
  yield
  "none"
rescue Toxiproxy::ProxyExists, Toxiproxy::NotFound, Toxiproxy::InvalidToxic => error
  "#{error.class.name.split("::").last}: #{error.message.strip}"
end

def facts_of(toxic) = { name: toxic.name, stream: toxic.stream.to_s, toxicity: toxic.toxicity, attributes: toxic.attributes }

def add(proxy, row, **more)
  Toxiproxy::Toxic.new(proxy: proxy, type: row["type"], stream: row["stream"], attributes: row["attributes"], **more).save
end

Toxiproxy.host = "http://127.0.0.1:#{API}"
upstream = "127.0.0.1:#{ECHO}"

say "version", version: JSON.parse(Toxiproxy.version)["version"]
proxy = Toxiproxy.create(name: "round", upstream: upstream, listen: "127.0.0.1:0")
say "created", name: proxy.name, host: proxy.listen[/\A.*(?=:)/], **exchange(proxy)
say "listed", names: Toxiproxy.all.map(&:name)
found = Toxiproxy[:round]
say "found", enabled: found.enabled, asGiven: found.upstream == upstream && found.listen == proxy.listen
say "duplicate", error: error_of { Toxiproxy.create(name: "round", upstream: upstream, listen: "127.0.0.1:0") }
say "unknown proxy", error: error_of { Toxiproxy.new(name: "nobody", upstream: upstream).toxics }
say "unknown toxic", error: error_of { Toxiproxy::Toxic.new(proxy: proxy, type: "latency", name: "nobody").destroy }
say "invalid type", error: error_of { add(proxy, { "type" => "walrus" }) }
say "invalid stream", error: error_of { add(proxy, { "type" => "latency", "stream" => "sideways" }) }

proxy.down { say "disabled", enabled: Toxiproxy[:round].enabled, connect: connect(proxy) }
say "enabled", enabled: Toxiproxy[:round].enabled, **exchange(proxy)

ROWS.each do |row|
  toxic = nil
  error = error_of { toxic = add(proxy, row) }
  if toxic.nil?
    say "#{row["type"]} added", error: error
    next
  end
  say "#{row["type"]} added", **facts_of(toxic), **exchange(proxy, row["send"], row["till"])
  toxic.destroy
  say "#{row["type"]} removed", toxics: proxy.toxics.size, **exchange(proxy, row["send"], row["till"])
end

row = { "type" => "latency", "stream" => "upstream", "attributes" => { "latency" => 400 } }
never = add(proxy, row, toxicity: 0)
say "toxicity 0", **facts_of(never), **exchange(proxy)
never.destroy

live = TCPSocket.new("127.0.0.1", port_of(proxy))
before = exchange_on(live, 5, "echo")
slow = add(proxy, row)
with = exchange_on(live, 5, "echo")
slow.destroy
after = exchange_on(live, 5, "echo")
add(proxy, { "type" => "timeout", "stream" => "upstream", "attributes" => { "timeout" => 0 } }).destroy
start = now
live.wait_readable(PATIENCE)
ending = live.read_nonblock(1, exception: false).nil? ? "eof" : "open"
say "live", beforeMs: before[:tookMs], withMs: with[:tookMs], afterMs: after[:tookMs], end: ending, endMs: since(start)

proxy.disable
add(proxy, row)
Toxiproxy.reset
say "reset", enabled: Toxiproxy[:round].enabled, toxics: proxy.toxics.size, **exchange(proxy)

many = %w[round-a round-b].map { |name| { name: name, upstream: upstream, listen: "127.0.0.1:0" } }
populated = Toxiproxy.populate(many)
say "populated", names: populated.map(&:name), all: Toxiproxy.all.map(&:name), bytes: populated.map { |one| exchange(one)[:bytes] }
populated.each(&:destroy)
proxy.destroy
say "deleted", names: Toxiproxy.all.map(&:name), connect: connect(proxy)
