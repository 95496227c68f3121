// The service of client.mjs with libraries of Java: /orders/ID calls /items/ID with the same method and answers 200, or 502 when that failed, 503 when a breaker refused.
// KNOBS: "by=resilience4j minimumCalls=10 …", words of key=value; by: java.net.http | httpclient5 | resilience4j | hystrix | resilience4j-retry

import com.netflix.hystrix.HystrixCommand;
import com.netflix.hystrix.HystrixCommandGroupKey;
import com.netflix.hystrix.HystrixCommandProperties;
import com.netflix.hystrix.HystrixThreadPoolProperties;
import com.netflix.hystrix.exception.HystrixRuntimeException;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.github.resilience4j.circuitbreaker.CallNotPermittedException;
import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig;
import io.github.resilience4j.retry.Retry;
import io.github.resilience4j.retry.RetryConfig;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import org.apache.hc.client5.http.classic.methods.HttpUriRequestBase;
import org.apache.hc.client5.http.impl.classic.CloseableHttpClient;
import org.apache.hc.client5.http.impl.classic.HttpClients;
import org.apache.hc.client5.http.impl.io.PoolingHttpClientConnectionManagerBuilder;
import org.apache.hc.core5.http.ContentType;
import org.apache.hc.core5.http.io.entity.EntityUtils;
import org.apache.hc.core5.http.io.entity.StringEntity;

public final class Client {
  private record What(String method, String path, String traceparent) {}

  private interface Call {
    void make(What what) throws Exception;
  }

  private static final class Refused extends Exception {}

  private static final String upstream = System.getenv("UPSTREAM_URL");
  private static final Map<String, String> knobs = new HashMap<>();

  private static int number(String name, int otherwise) {
    return Integer.parseInt(knobs.getOrDefault(name, String.valueOf(otherwise)));
  }

  private static Call plain() {
    HttpClient client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    int timeoutMs = number("timeoutMs", 0);
    return what -> {
      HttpRequest.BodyPublisher body = what.method().equals("POST") ? HttpRequest.BodyPublishers.ofString("{}") : HttpRequest.BodyPublishers.noBody();
      HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(upstream + what.path())).method(what.method(), body);
      if (what.traceparent() != null) request.header("traceparent", what.traceparent());
      if (timeoutMs > 0) request.timeout(Duration.ofMillis(timeoutMs));
      HttpResponse<String> answer = client.send(request.build(), HttpResponse.BodyHandlers.ofString());
      if (answer.statusCode() >= 400) throw new IOException("the dependency answered " + answer.statusCode());
    };
  }

  private static Call apache() {
    var connections = PoolingHttpClientConnectionManagerBuilder.create().setMaxConnPerRoute(200).setMaxConnTotal(200).build();
    CloseableHttpClient client = HttpClients.custom().setConnectionManager(connections).build();
    return what -> {
      HttpUriRequestBase request = new HttpUriRequestBase(what.method(), URI.create(upstream + what.path()));
      if (what.method().equals("POST")) request.setEntity(new StringEntity("{}", ContentType.APPLICATION_JSON));
      if (what.traceparent() != null) request.setHeader("traceparent", what.traceparent());
      int status = client.execute(request, answer -> {
        EntityUtils.consume(answer.getEntity());
        return answer.getCode();
      });
      if (status >= 400) throw new IOException("the dependency answered " + status);
    };
  }

  private static Call resilience4j(Call call) {
    CircuitBreakerConfig.Builder config = CircuitBreakerConfig.custom();
    if (knobs.containsKey("windowS")) config.slidingWindow(number("windowS", 1), number("minimumCalls", 100), CircuitBreakerConfig.SlidingWindowType.TIME_BASED);
    else if (knobs.containsKey("window")) config.slidingWindow(number("window", 100), number("minimumCalls", 100), CircuitBreakerConfig.SlidingWindowType.COUNT_BASED);
    if (knobs.containsKey("restMs")) config.waitDurationInOpenState(Duration.ofMillis(number("restMs", 0)));
    if (knobs.containsKey("permitted")) config.permittedNumberOfCallsInHalfOpenState(number("permitted", 10));
    CircuitBreaker breaker = CircuitBreaker.of("dependency", config.build());
    return what -> {
      try {
        breaker.executeCallable(asked(call, what));
      } catch (CallNotPermittedException refused) {
        throw new Refused();
      }
    };
  }

  private static Call retrying(Call call) {
    Retry retry = Retry.of("dependency", RetryConfig.custom().maxAttempts(number("attempts", 3)).waitDuration(Duration.ofMillis(number("waitMs", 500))).build());
    return what -> retry.executeCallable(asked(call, what));
  }

  private static Call hystrix(Call call) {
    HystrixCommand.Setter setter = HystrixCommand.Setter.withGroupKey(HystrixCommandGroupKey.Factory.asKey("dependency"))
        .andCommandPropertiesDefaults(HystrixCommandProperties.Setter().withCircuitBreakerSleepWindowInMilliseconds(number("restMs", 5000)))
        .andThreadPoolPropertiesDefaults(HystrixThreadPoolProperties.Setter().withCoreSize(20));
    return what -> {
      HystrixCommand<Boolean> command = new HystrixCommand<>(setter) {
        @Override
        protected Boolean run() throws Exception {
          return asked(call, what).call();
        }
      };
      try {
        command.execute();
      } catch (HystrixRuntimeException failed) {
        if (failed.getFailureType() == HystrixRuntimeException.FailureType.SHORTCIRCUIT) throw new Refused();
        throw failed;
      }
    };
  }

  private static Callable<Boolean> asked(Call call, What what) {
    return () -> {
      call.make(what);
      return true;
    };
  }

  private static Call built() {
    return switch (knobs.getOrDefault("by", "java.net.http")) {
      case "httpclient5" -> apache();
      case "resilience4j" -> resilience4j(plain());
      case "resilience4j-retry" -> retrying(plain());
      case "hystrix" -> hystrix(plain());
      default -> plain();
    };
  }

  private static void send(HttpExchange exchange, int status, String said) throws IOException {
    byte[] text = ("{\"status\":\"" + said + "\"}").getBytes(StandardCharsets.UTF_8);
    exchange.getResponseHeaders().set("content-type", "application/json");
    exchange.sendResponseHeaders(status, text.length);
    exchange.getResponseBody().write(text);
    exchange.close();
  }

  public static void main(String[] args) throws IOException {
    System.setProperty("sun.net.httpserver.nodelay", "true");
    for (String word : System.getenv().getOrDefault("KNOBS", "").split(" ")) if (word.contains("=")) knobs.put(word.split("=")[0], word.split("=")[1]);
    Call call = built();
    HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", Integer.parseInt(System.getenv("PORT"))), 512);
    server.setExecutor(Executors.newCachedThreadPool());
    server.createContext("/health", exchange -> send(exchange, 200, "alive"));
    server.createContext("/orders/", exchange -> {
      exchange.getRequestBody().readAllBytes();
      String path = exchange.getRequestURI().getPath().replace("/orders/", "/items/");
      try {
        call.make(new What(exchange.getRequestMethod(), path, exchange.getRequestHeaders().getFirst("traceparent")));
        send(exchange, 200, "ok");
      } catch (Refused refused) {
        send(exchange, 503, "refused");
      } catch (Exception failed) {
        send(exchange, 502, "failed");
      }
    });
    server.start();
  }
}
