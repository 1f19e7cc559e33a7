// Command companion is what runs beside wasm in a pod: a proxy, a store of state and a receiver of
// traces, in one small native program that learns from its environment what to do, as sidecars do.
//
//	companion tell     prints COMPANION_GREETING and ends
//	companion serve    listens on COMPANION_LISTEN; --listen says it without the environment
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"os/signal"
	"sync"
	"syscall"
)

func main() {
	log.SetFlags(0)
	task := "tell"
	if len(os.Args) > 1 {
		task = os.Args[1]
	}
	switch task {
	case "tell":
		fmt.Println(required("COMPANION_GREETING", ""))
	case "serve":
		flags := flag.NewFlagSet("serve", flag.ExitOnError)
		listen := flags.String("listen", "", "address, instead of COMPANION_LISTEN")
		flags.Parse(os.Args[2:])
		serve(required("COMPANION_LISTEN", *listen), os.Getenv("COMPANION_UPSTREAM"))
	default:
		log.Fatalf("there is no task %q: the tasks are tell and serve", task)
	}
}

func required(name, given string) string {
	if given != "" {
		return given
	}
	value := os.Getenv(name)
	if value == "" {
		log.Fatalf("%s is not set", name)
	}
	return value
}

func serve(address, upstream string) {
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM, syscall.SIGINT)
	go func() {
		log.Fatal(http.ListenAndServe(address, routes(upstream)))
	}()
	fmt.Println("listening on", address)
	<-stop
}

func routes(upstream string) *http.ServeMux {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "ok") })
	store := &state{values: map[string][]byte{}}
	mux.HandleFunc("GET /state/{key}", store.get)
	mux.HandleFunc("PUT /state/{key}", store.put)
	spans := &traces{}
	mux.HandleFunc("POST /v1/traces", spans.receive)
	mux.HandleFunc("GET /v1/traces", spans.count)
	if target, err := url.Parse(upstream); err == nil && target.Host != "" {
		mux.Handle("/through/", http.StripPrefix("/through", httputil.NewSingleHostReverseProxy(target)))
	}
	return mux
}

type state struct {
	mutex  sync.Mutex
	values map[string][]byte
}

func (s *state) get(w http.ResponseWriter, r *http.Request) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	value, found := s.values[r.PathValue("key")]
	if !found {
		http.NotFound(w, r)
		return
	}
	w.Write(value)
}

func (s *state) put(w http.ResponseWriter, r *http.Request) {
	value, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.values[r.PathValue("key")] = value
	w.WriteHeader(http.StatusNoContent)
}

// traces counts the spans of OTLP over HTTP, in its JSON form.
type traces struct {
	mutex sync.Mutex
	spans int
}

type export struct {
	ResourceSpans []struct {
		ScopeSpans []struct {
			Spans []json.RawMessage `json:"spans"`
		} `json:"scopeSpans"`
	} `json:"resourceSpans"`
}

func (t *traces) receive(w http.ResponseWriter, r *http.Request) {
	var told export
	if err := json.NewDecoder(r.Body).Decode(&told); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	t.mutex.Lock()
	defer t.mutex.Unlock()
	for _, resource := range told.ResourceSpans {
		for _, scope := range resource.ScopeSpans {
			t.spans += len(scope.Spans)
		}
	}
	fmt.Fprint(w, "{}")
}

func (t *traces) count(w http.ResponseWriter, _ *http.Request) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	fmt.Fprint(w, t.spans)
}
