// The service of client.mjs with libraries of Go: /orders/ID calls /items/ID with the same method and answers 200, or 502 when that failed, 503 when a breaker refused.
// CONFIG: { "by": "http" | "retryablehttp" | "failsafe" | "gobreaker" | "backoff", and what it takes }
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/cenkalti/backoff/v5"
	"github.com/failsafe-go/failsafe-go"
	"github.com/failsafe-go/failsafe-go/budget"
	"github.com/failsafe-go/failsafe-go/circuitbreaker"
	"github.com/failsafe-go/failsafe-go/failsafehttp"
	"github.com/hashicorp/go-retryablehttp"
	"github.com/sony/gobreaker/v2"
)

type settings struct {
	By          string  `json:"by"`
	TimeoutMs   int     `json:"timeoutMs"`
	Retries     int     `json:"retries"`
	WaitMs      int     `json:"waitMs"`
	MaxWaitMs   int     `json:"maxWaitMs"`
	Budget      float64 `json:"budget"`
	RestMs      int     `json:"restMs"`
	MaxRequests uint32  `json:"maxRequests"`
	Breaker     bool    `json:"breaker"`
}

type what struct {
	method, path, traceparent, key string
	body                           []byte
}

type call func(context.Context, what) error

var upstream = os.Getenv("UPSTREAM_URL")
var errRefused = errors.New("breaker open")

func ms(n int) time.Duration { return time.Duration(n) * time.Millisecond }

func requestOf(ctx context.Context, one what) (*http.Request, error) {
	var body io.Reader
	if one.method == http.MethodPost {
		body = bytes.NewReader(one.body)
	}
	request, err := http.NewRequestWithContext(ctx, one.method, upstream+one.path, body)
	if err != nil {
		return nil, err
	}
	if one.traceparent != "" {
		request.Header.Set("traceparent", one.traceparent)
	}
	if one.key != "" {
		request.Header.Set("Idempotency-Key", one.key)
	}
	return request, nil
}

func read(response *http.Response, err error) error {
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if _, err := io.Copy(io.Discard, response.Body); err != nil {
		return err
	}
	if response.StatusCode >= 400 {
		return fmt.Errorf("the dependency answered %d", response.StatusCode)
	}
	return nil
}

func through(client *http.Client) call {
	return func(ctx context.Context, one what) error {
		request, err := requestOf(ctx, one)
		if err != nil {
			return err
		}
		return read(client.Do(request))
	}
}

func pool() *http.Transport {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.Proxy = nil
	transport.MaxIdleConnsPerHost = 200
	return transport
}

func build(given settings) call {
	client := &http.Client{Transport: pool(), Timeout: ms(given.TimeoutMs)}
	switch given.By {
	case "retryablehttp":
		retrying := retryablehttp.NewClient()
		retrying.HTTPClient, retrying.Logger = client, nil
		retrying.RetryMax, retrying.RetryWaitMin, retrying.RetryWaitMax = given.Retries, ms(given.WaitMs), ms(given.MaxWaitMs)
		return func(ctx context.Context, one what) error {
			plain, err := requestOf(ctx, one)
			if err != nil {
				return err
			}
			request, err := retryablehttp.FromRequest(plain)
			if err != nil {
				return err
			}
			return read(retrying.Do(request))
		}
	case "failsafe":
		if given.Breaker {
			breaker := circuitbreaker.NewBuilder[any]().WithDelay(ms(given.RestMs)).Build()
			plain := through(client)
			return func(ctx context.Context, one what) error {
				err := failsafe.With[any](breaker).Run(func() error { return plain(ctx, one) })
				if errors.Is(err, circuitbreaker.ErrOpen) {
					return errRefused
				}
				return err
			}
		}
		policy := failsafehttp.NewRetryPolicyBuilder().WithMaxRetries(given.Retries).WithBackoff(ms(given.WaitMs), ms(given.MaxWaitMs))
		if given.Budget > 0 {
			policy = policy.WithBudget(budget.NewBuilder().WithMaxRate(given.Budget).Build())
		}
		client.Transport = failsafehttp.NewRoundTripper(client.Transport, policy.Build())
		return through(client)
	case "gobreaker":
		breaker := gobreaker.NewCircuitBreaker[any](gobreaker.Settings{MaxRequests: given.MaxRequests, Timeout: ms(given.RestMs)})
		plain := through(client)
		return func(ctx context.Context, one what) error {
			_, err := breaker.Execute(func() (any, error) { return nil, plain(ctx, one) })
			if errors.Is(err, gobreaker.ErrOpenState) || errors.Is(err, gobreaker.ErrTooManyRequests) {
				return errRefused
			}
			return err
		}
	case "backoff":
		plain := through(client)
		return func(ctx context.Context, one what) error {
			growing := backoff.NewExponentialBackOff()
			growing.InitialInterval, growing.MaxInterval = ms(given.WaitMs), ms(given.MaxWaitMs)
			_, err := backoff.Retry(ctx, func() (any, error) { return nil, plain(ctx, one) }, backoff.WithBackOff(growing), backoff.WithMaxTries(uint(given.Retries+1)))
			return err
		}
	}
	return through(client)
}

func main() {
	var given settings
	if err := json.Unmarshal([]byte(os.Getenv("CONFIG")), &given); err != nil {
		panic(err)
	}
	ask := build(given)
	answer := func(response http.ResponseWriter, status int, said string) {
		response.Header().Set("content-type", "application/json")
		response.WriteHeader(status)
		json.NewEncoder(response).Encode(map[string]string{"status": said})
	}
	http.HandleFunc("/health", func(response http.ResponseWriter, _ *http.Request) { answer(response, 200, "alive") })
	http.HandleFunc("/orders/", func(response http.ResponseWriter, request *http.Request) {
		body, _ := io.ReadAll(request.Body)
		one := what{request.Method, "/items/" + strings.TrimPrefix(request.URL.Path, "/orders/"), request.Header.Get("traceparent"), request.Header.Get("Idempotency-Key"), body}
		err := ask(context.Background(), one)
		switch {
		case err == nil:
			answer(response, 200, "ok")
		case errors.Is(err, errRefused):
			answer(response, 503, err.Error())
		default:
			answer(response, 502, err.Error())
		}
	})
	if err := http.ListenAndServe("127.0.0.1:"+os.Getenv("PORT"), nil); err != nil {
		panic(err)
	}
}
