// SPDX-License-Identifier: Apache-2.0

// The Go SDK 1.x in both eras, over stdio and HTTP, with examples/everything. It knows no tasks.
// Prints TAP; exit code 1 if anything failed.
//
//	peer SERVER
package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"sync"
	"syscall"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"
)

const (
	modern = "2026-07-28"
	limit  = time.Minute // for a server that says nothing
)

// A connected client, and what it heard.
type talk struct {
	*mcp.ClientSession
	modern bool

	mutex    sync.Mutex
	logs     []any
	progress []*mcp.ProgressNotificationParams
	updated  []string
	changed  int
}

// Whether it heard that: handlers run on other goroutines.
func (t *talk) heard(what func() bool) func() bool {
	return func() bool {
		t.mutex.Lock()
		defer t.mutex.Unlock()
		return what()
	}
}

func (t *talk) note(what func()) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	what()
}

// Until it holds; an error after ten seconds.
func until(holds func() bool, what string) error {
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if holds() {
			return nil
		}
	}
	return fmt.Errorf("never: %s", what)
}

func connect(ctx context.Context, transport mcp.Transport, revision string) (*talk, error) {
	t := &talk{modern: revision == modern}
	client := mcp.NewClient(&mcp.Implementation{Name: "go", Version: "1.0.0"}, &mcp.ClientOptions{
		Capabilities: &mcp.ClientCapabilities{
			RootsV2: &mcp.RootCapabilities{ListChanged: true},
			Elicitation: &mcp.ElicitationCapabilities{
				Form: &mcp.FormElicitationCapabilities{}, URL: &mcp.URLElicitationCapabilities{}},
		},
		ElicitationHandler: func(_ context.Context, asked *mcp.ElicitRequest) (*mcp.ElicitResult, error) {
			if asked.Params.Mode == "url" {
				return &mcp.ElicitResult{Action: "accept"}, nil
			}
			return &mcp.ElicitResult{Action: "accept", Content: map[string]any{"dish": "soup", "dessert": true}}, nil
		},
		CreateMessageHandler: func(context.Context, *mcp.CreateMessageRequest) (*mcp.CreateMessageResult, error) {
			return &mcp.CreateMessageResult{
				Role: "assistant", Model: "test", Content: &mcp.TextContent{Text: "forty-two"}}, nil
		},
		LoggingMessageHandler: func(_ context.Context, told *mcp.LoggingMessageRequest) {
			t.note(func() { t.logs = append(t.logs, told.Params.Data) })
		},
		ProgressNotificationHandler: func(_ context.Context, told *mcp.ProgressNotificationClientRequest) {
			t.note(func() { t.progress = append(t.progress, told.Params) })
		},
		ResourceUpdatedHandler: func(_ context.Context, told *mcp.ResourceUpdatedNotificationRequest) {
			t.note(func() { t.updated = append(t.updated, told.Params.URI) })
		},
		ToolListChangedHandler: func(context.Context, *mcp.ToolListChangedRequest) {
			t.note(func() { t.changed++ })
		},
	})
	client.AddRoots(&mcp.Root{URI: "file:///srv/project", Name: "work"})
	session, err := client.Connect(ctx, transport, &mcp.ClientSessionOptions{ProtocolVersion: revision})
	t.ClientSession = session
	return t, err
}

var address = regexp.MustCompile(`http://127\.0\.0\.1:\d+/mcp`)

// Serves over HTTP until stop is called.
func serve(server, store string) (url string, stop func() error, err error) {
	command := exec.Command(server, "--http", "127.0.0.1:0", "--store", store)
	output, err := command.StderrPipe()
	if err != nil {
		return "", nil, err
	}
	if err := command.Start(); err != nil {
		return "", nil, err
	}
	lines := bufio.NewScanner(output)
	for url == "" && lines.Scan() {
		url = address.FindString(lines.Text())
	}
	go func() {
		for lines.Scan() {
		}
	}()
	return url, func() error {
		command.Process.Signal(syscall.SIGTERM)
		command.Process.Signal(syscall.SIGTERM) // hurry: what is left of a test is of no interest
		return command.Wait()
	}, nil
}

func attempt(transport mcp.Transport, revision string, try func(context.Context, *talk) error) error {
	ctx, done := context.WithTimeout(context.Background(), limit)
	defer done()
	t, err := connect(ctx, transport, revision)
	if err != nil {
		return err
	}
	defer t.Close()
	return try(ctx, t)
}

func run(server, state string) (failed int, err error) {
	url, stop, err := serve(server, "sqlite:"+state+"/http.db")
	if err != nil {
		return 0, err
	}
	ways := []struct {
		name string
		open func() mcp.Transport
	}{
		{"stdio", func() mcp.Transport {
			return &mcp.CommandTransport{Command: exec.Command(server, "--stdio", "--store", "sqlite:"+state+"/stdio.db")}
		}},
		{"HTTP", func() mcp.Transport { return &mcp.StreamableClientTransport{Endpoint: url} }},
	}
	number := 0
	for _, revision := range []string{modern, "2025-11-25"} {
		for _, way := range ways {
			for _, one := range tries {
				number++
				label := fmt.Sprintf("%d - %s over %s: %s", number, revision, way.name, one.name)
				if err := attempt(way.open(), revision, one.try); err != nil {
					failed++
					fmt.Printf("not ok %s\n# %v\n", label, err)
				} else {
					fmt.Printf("ok %s\n", label)
				}
			}
		}
	}
	fmt.Printf("1..%d\n", number)
	return failed, stop()
}

func main() {
	state, err := os.MkdirTemp("", "longhaul-go-")
	failed := 0
	if err == nil {
		failed, err = run(os.Args[1], state)
		os.RemoveAll(state)
	}
	if err != nil {
		fmt.Println("Bail out!", err)
	}
	if err != nil || failed > 0 {
		os.Exit(1)
	}
}
