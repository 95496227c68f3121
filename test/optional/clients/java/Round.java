import com.google.gson.Gson;
import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import eu.rekawek.toxiproxy.Proxy;
import eu.rekawek.toxiproxy.ToxiproxyClient;
import eu.rekawek.toxiproxy.model.Toxic;
import eu.rekawek.toxiproxy.model.ToxicDirection;
import eu.rekawek.toxiproxy.model.toxic.Bandwidth;
import eu.rekawek.toxiproxy.model.toxic.Latency;
import eu.rekawek.toxiproxy.model.toxic.LimitData;
import eu.rekawek.toxiproxy.model.toxic.ResetPeer;
import eu.rekawek.toxiproxy.model.toxic.Slicer;
import eu.rekawek.toxiproxy.model.toxic.SlowClose;
import eu.rekawek.toxiproxy.model.toxic.Timeout;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.ConnectException;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * One whole round with toxiproxy-java: what it saw, as JSON lines.
 * Round API_PORT ECHO_PORT ROWS: toxics to try, as JSON: [{ type, stream, attributes, update, send, till }]
 */
public class Round {
  private static final int PATIENCE_MS = 5000;
  private static final Gson GSON = new Gson();

  private interface Action {
    void run() throws IOException;
  }

  private static void say(String step, Map<?, ?>... facts) {
    Map<Object, Object> line = new LinkedHashMap<>();
    line.put("step", step);
    for (Map<?, ?> some : facts) line.putAll(some);
    System.out.println(GSON.toJson(line));
  }

  private static double since(long startNs) {
    return (System.nanoTime() - startNs) / 100_000 / 10.0;
  }

  private static Socket dial(Proxy proxy) throws IOException {
    return new Socket("127.0.0.1", Integer.parseInt(proxy.getListen().substring(proxy.getListen().lastIndexOf(':') + 1)));
  }

  /** What is sent ends in a line's end if the echo is to end the connection. */
  private static Map<String, Object> exchangeOn(Socket socket, int size, String till) throws IOException {
    byte[] sent = "abcdefg".repeat(size / 7 + 1).substring(0, size).getBytes();
    if (till.equals("end")) sent[size - 1] = '\n';
    long startNs = System.nanoTime();
    ByteArrayOutputStream got = new ByteArrayOutputStream();
    String end = "open";
    try {
      socket.getOutputStream().write(sent);
      byte[] chunk = new byte[65536];
      while (till.equals("end") || got.size() < size) {
        socket.setSoTimeout(Math.max(PATIENCE_MS - (int) since(startNs), 1));
        int read = socket.getInputStream().read(chunk);
        if (read < 0) {
          end = "eof";
          break;
        }
        got.write(chunk, 0, read);
      }
    } catch (SocketTimeoutException error) {
      end = "silence";
    } catch (SocketException error) {
      end = error.getMessage().contains("reset") || error.getMessage().contains("Broken pipe") ? "reset" : error.getMessage();
    }
    double tookMs = since(startNs);
    byte[] received = got.toByteArray();
    return Map.of("bytes", received.length, "intact", Arrays.equals(received, Arrays.copyOf(sent, received.length)), "end", end, "tookMs", tookMs);
  }

  private static Map<String, Object> exchange(Proxy proxy, int size, String till) throws IOException {
    try (Socket socket = dial(proxy)) {
      return exchangeOn(socket, size, till);
    }
  }

  private static Map<String, Object> exchange(Proxy proxy) throws IOException {
    return exchange(proxy, 5, "echo");
  }

  private static Map<String, Object> connect(Proxy proxy) throws IOException {
    try (Socket socket = dial(proxy)) {
      return Map.of("connect", "accepted");
    } catch (ConnectException error) {
      return Map.of("connect", "refused");
    }
  }

  private static Map<String, Object> errorOf(Action action) {
    try {
      action.run();
      return Map.of("error", "none");
    } catch (IOException error) {
      return Map.of("error", error.getMessage());
    }
  }

  private static Map<String, Object> factsOf(Toxic toxic) {
    return Map.of("name", toxic.getName(), "stream", toxic.getStream().name().toLowerCase(), "toxicity", toxic.getToxicity(), "attributes", attributesOf(toxic));
  }

  private static Map<String, Object> attributesOf(Toxic toxic) {
    if (toxic instanceof Latency one) return Map.of("latency", one.getLatency(), "jitter", one.getJitter());
    if (toxic instanceof Bandwidth one) return Map.of("rate", one.getRate());
    if (toxic instanceof SlowClose one) return Map.of("delay", one.getDelay());
    if (toxic instanceof Timeout one) return Map.of("timeout", one.getTimeout());
    if (toxic instanceof ResetPeer one) return Map.of("timeout", one.getTimeout());
    if (toxic instanceof Slicer one) return Map.of("average_size", one.getAverageSize(), "size_variation", one.getSizeVariation(), "delay", one.getDelay());
    return Map.of("bytes", ((LimitData) toxic).getBytes());
  }

  /** Absent: the client has no such toxic. */
  private static Toxic add(Proxy proxy, String type, ToxicDirection stream, JsonObject attributes) throws IOException {
    String name = type + "_" + stream.name().toLowerCase();
    switch (type) {
      case "latency": return proxy.toxics().latency(name, stream, number(attributes, "latency"));
      case "bandwidth": return proxy.toxics().bandwidth(name, stream, number(attributes, "rate"));
      case "slow_close": return proxy.toxics().slowClose(name, stream, number(attributes, "delay"));
      case "timeout": return proxy.toxics().timeout(name, stream, number(attributes, "timeout"));
      case "reset_peer": return proxy.toxics().resetPeer(name, stream, number(attributes, "timeout"));
      case "slicer": return proxy.toxics().slicer(name, stream, number(attributes, "average_size"), number(attributes, "delay"));
      case "limit_data": return proxy.toxics().limitData(name, stream, number(attributes, "bytes"));
      default: return null;
    }
  }

  private static void update(Toxic toxic, JsonObject attributes) throws IOException {
    if (toxic instanceof Latency one) one.setLatency(number(attributes, "latency"));
    if (toxic instanceof Bandwidth one) one.setRate(number(attributes, "rate"));
    if (toxic instanceof SlowClose one) one.setDelay(number(attributes, "delay"));
    if (toxic instanceof Timeout one) one.setTimeout(number(attributes, "timeout"));
    if (toxic instanceof ResetPeer one) one.setTimeout(number(attributes, "timeout"));
    if (toxic instanceof Slicer one) one.setDelay(number(attributes, "delay"));
    if (toxic instanceof LimitData one) one.setBytes(number(attributes, "bytes"));
  }

  private static long number(JsonObject attributes, String name) {
    return attributes.get(name).getAsLong();
  }

  private static List<String> names(ToxiproxyClient client) throws IOException {
    return client.getProxies().stream().map(Proxy::getName).toList();
  }

  public static void main(String[] args) throws IOException {
    ToxiproxyClient client = new ToxiproxyClient("127.0.0.1", Integer.parseInt(args[0]));
    String upstream = "127.0.0.1:" + args[1];
    JsonArray rows = JsonParser.parseString(args[2]).getAsJsonArray();

    say("version", Map.of("version", JsonParser.parseString(client.version()).getAsJsonObject().get("version").getAsString()));
    Proxy proxy = client.createProxy("round", "127.0.0.1:0", upstream);
    say("created", Map.of("name", proxy.getName(), "host", proxy.getListen().replaceFirst(":\\d+$", "")), exchange(proxy));
    say("listed", Map.of("names", names(client)));
    Proxy found = client.getProxy("round");
    say("found", Map.of("enabled", found.isEnabled(), "asGiven", found.getUpstream().equals(upstream) && found.getListen().equals(proxy.getListen())));
    say("duplicate", errorOf(() -> client.createProxy("round", "127.0.0.1:0", upstream)));
    say("unknown proxy", errorOf(() -> client.getProxy("nobody")));
    say("unknown toxic", errorOf(() -> proxy.toxics().get("nobody")));

    proxy.disable();
    say("disabled", Map.of("enabled", client.getProxy("round").isEnabled()), connect(proxy));
    proxy.enable();
    say("enabled", Map.of("enabled", client.getProxy("round").isEnabled()), exchange(proxy));

    for (int i = 0; i < rows.size(); i += 1) {
      JsonObject row = rows.get(i).getAsJsonObject();
      String type = row.get("type").getAsString();
      int size = row.get("send").getAsInt();
      String till = row.get("till").getAsString();
      Toxic toxic = add(proxy, type, ToxicDirection.valueOf(row.get("stream").getAsString().toUpperCase()), row.getAsJsonObject("attributes"));
      if (toxic == null) continue;
      say(type + " added", factsOf(toxic), exchange(proxy, size, till));
      if (row.has("update")) {
        update(toxic, row.getAsJsonObject("update"));
        say(type + " updated", factsOf(toxic), exchange(proxy, size, till));
      }
      toxic.remove();
      say(type + " removed", Map.of("toxics", proxy.toxics().getAll().size()), exchange(proxy, size, till));
    }

    Latency never = proxy.toxics().latency("latency_upstream", ToxicDirection.UPSTREAM, 400);
    never.setToxicity(0);
    say("toxicity 0", factsOf(never), exchange(proxy));
    never.remove();

    try (Socket live = dial(proxy)) {
      Object before = exchangeOn(live, 5, "echo").get("tookMs");
      Latency slow = proxy.toxics().latency("slow", ToxicDirection.UPSTREAM, 400);
      Object with = exchangeOn(live, 5, "echo").get("tookMs");
      slow.remove();
      Object after = exchangeOn(live, 5, "echo").get("tookMs");
      proxy.toxics().timeout("silent", ToxicDirection.UPSTREAM, 0).remove();
      long startNs = System.nanoTime();
      live.setSoTimeout(PATIENCE_MS);
      String end = live.getInputStream().read() < 0 ? "eof" : "open";
      say("live", Map.of("beforeMs", before, "withMs", with, "afterMs", after, "end", end, "endMs", since(startNs)));
    }

    proxy.disable();
    proxy.toxics().latency("slow", ToxicDirection.UPSTREAM, 400);
    client.reset();
    say("reset", Map.of("enabled", proxy.isEnabled(), "toxics", proxy.toxics().getAll().size()), exchange(proxy));

    proxy.delete();
    say("deleted", Map.of("names", names(client)), connect(proxy));
  }
}
