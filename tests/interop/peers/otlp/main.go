// SPDX-License-Identifier: Apache-2.0

// A collector of traces: the decoder of OpenTelemetry's Collector behind POST /v1/traces. Prints its
// address, then what it understood of each span, a line of JSON each.
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"sync"

	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
)

type told struct {
	Trace      string         `json:"trace"`
	Span       string         `json:"span"`
	Parent     string         `json:"parent"`
	Name       string         `json:"name"`
	Kind       string         `json:"kind"`
	Status     string         `json:"status"`
	Message    string         `json:"message"`
	Nanos      int64          `json:"nanos"`
	Resource   map[string]any `json:"resource"`
	Attributes map[string]any `json:"attributes"`
}

func spansIn(request ptraceotlp.ExportRequest) []told {
	var all []told
	for _, resource := range request.Traces().ResourceSpans().All() {
		for _, scope := range resource.ScopeSpans().All() {
			for _, span := range scope.Spans().All() {
				all = append(all, told{
					Trace: span.TraceID().String(), Span: span.SpanID().String(), Parent: span.ParentSpanID().String(),
					Name: span.Name(), Kind: span.Kind().String(),
					Status: span.Status().Code().String(), Message: span.Status().Message(),
					Nanos:      int64(span.EndTimestamp() - span.StartTimestamp()),
					Resource:   resource.Resource().Attributes().AsRaw(),
					Attributes: span.Attributes().AsRaw(),
				})
			}
		}
	}
	return all
}

func main() {
	var mutex sync.Mutex
	out := json.NewEncoder(os.Stdout)
	http.HandleFunc("POST /v1/traces", func(reply http.ResponseWriter, asked *http.Request) {
		body, err := io.ReadAll(asked.Body)
		request := ptraceotlp.NewExportRequest()
		if kind := asked.Header.Get("Content-Type"); err == nil && kind != "application/json" {
			err = fmt.Errorf("Content-Type %q", kind)
		}
		if err == nil {
			err = request.UnmarshalJSON(body)
		}
		if err != nil {
			log.Printf("refused: %v", err)
			http.Error(reply, err.Error(), http.StatusBadRequest)
			return
		}
		mutex.Lock()
		for _, span := range spansIn(request) {
			_ = out.Encode(span)
		}
		mutex.Unlock()
		answer, _ := ptraceotlp.NewExportResponse().MarshalJSON()
		reply.Header().Set("Content-Type", "application/json")
		_, _ = reply.Write(answer)
	})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("http://%s\n", listener.Addr())
	log.Fatal(http.Serve(listener, nil))
}
