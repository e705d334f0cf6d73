// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/modelcontextprotocol/go-sdk/jsonrpc"
	"github.com/modelcontextprotocol/go-sdk/mcp"
)

type arguments = map[string]any

var tries = []struct {
	name string
	try  func(context.Context, *talk) error
}{
	{"tools", tools},
	{"call", says("echo", arguments{"text": "grüezi"}, "grüezi")},
	{"structured result", structuredResult},
	{"every type of content", everyTypeOfContent},
	{"failed tool", fails("fail", nil, "it failed")},
	{"wrong arguments", fails("weather", arguments{"city": "Oslo", "days": 99}, "days")},
	{"unknown tool", unknownTool},
	{"progress", progress},
	{"log messages by level", logMessagesByLevel},
	{"cancel", cancel},
	{"form", says("ask_form", nil, "soup", "dessert")},
	{"page", says("ask_page", nil, "Logged in.")},
	{"sampling", says("ask_model", arguments{"text": "6 × 7?"}, "forty-two")},
	{"roots", says("ask_roots", nil, "file:///srv/project")},
	{"resources", resources},
	{"text", reads("every://about", "A server that shows every feature", nil)},
	{"bytes", reads("every://dot", "", []byte("P5 1 1 255\n\x80"))},
	{"templates", templates},
	{"unknown resource", unknownResource},
	{"updated", updated},
	{"lists that change", listsThatChange},
	{"prompts", prompts},
	{"prompt", prompt},
	{"completion", completion},
}

func equal(found, wanted any) error {
	if !reflect.DeepEqual(found, wanted) {
		return fmt.Errorf("found %v, not %v", found, wanted)
	}
	return nil
}

func textOf(result *mcp.CallToolResult) string {
	var all strings.Builder
	for _, item := range result.Content {
		if text, ok := item.(*mcp.TextContent); ok {
			all.WriteString(text.Text)
		}
	}
	return all.String()
}

// The result has all of these words, and is an error or not.
func has(result *mcp.CallToolResult, err error, isError bool, words ...string) error {
	if err != nil {
		return err
	}
	for _, word := range words {
		if !strings.Contains(textOf(result), word) {
			return fmt.Errorf("no %q in %q", word, textOf(result))
		}
	}
	return equal(result.IsError, isError)
}

func says(tool string, given arguments, words ...string) func(context.Context, *talk) error {
	return func(ctx context.Context, t *talk) error {
		result, err := t.CallTool(ctx, &mcp.CallToolParams{Name: tool, Arguments: given})
		return has(result, err, false, words...)
	}
}

func fails(tool string, given arguments, word string) func(context.Context, *talk) error {
	return func(ctx context.Context, t *talk) error {
		result, err := t.CallTool(ctx, &mcp.CallToolParams{Name: tool, Arguments: given})
		return has(result, err, true, word)
	}
}

func tools(ctx context.Context, t *talk) error {
	result, err := t.ListTools(ctx, nil)
	if err != nil {
		return err
	}
	found := map[string]*mcp.Tool{}
	for _, tool := range result.Tools {
		found[tool.Name] = tool
	}
	for _, name := range []string{"echo", "wait", "weather", "ask_form"} {
		if found[name] == nil {
			return fmt.Errorf("no %s", name)
		}
	}
	if found["weather"].OutputSchema == nil {
		return errors.New("weather has no output schema")
	}
	return nil
}

func structuredResult(ctx context.Context, t *talk) error {
	given := arguments{"city": "Oslo", "days": 3}
	result, err := t.CallTool(ctx, &mcp.CallToolParams{Name: "weather", Arguments: given})
	if err != nil {
		return err
	}
	bytes, _ := json.Marshal(result.StructuredContent)
	var weather struct {
		City string
		Days []struct{ What string }
	}
	if err := json.Unmarshal(bytes, &weather); err != nil {
		return err
	}
	return equal(fmt.Sprint(weather), "{Oslo [{clear} {rain} {clear}]}")
}

func everyTypeOfContent(ctx context.Context, t *talk) error {
	result, err := t.CallTool(ctx, &mcp.CallToolParams{Name: "contents"})
	if err != nil {
		return err
	}
	var types []string
	for _, item := range result.Content {
		types = append(types, fmt.Sprintf("%T", item))
	}
	return equal(types, []string{"*mcp.TextContent", "*mcp.ImageContent", "*mcp.AudioContent",
		"*mcp.EmbeddedResource", "*mcp.ResourceLink"})
}

func unknownTool(ctx context.Context, t *talk) error {
	_, err := t.CallTool(ctx, &mcp.CallToolParams{Name: "no_such_tool"})
	var refused *jsonrpc.Error
	if !errors.As(err, &refused) {
		return fmt.Errorf("no error of JSON-RPC: %v", err)
	}
	return equal(refused.Code, int64(jsonrpc.CodeInvalidParams))
}

func progress(ctx context.Context, t *talk) error {
	params := &mcp.CallToolParams{Name: "wait", Arguments: arguments{"steps": 3, "step_ms": 100}, Meta: mcp.Meta{}}
	params.SetProgressToken("token")
	if _, err := t.CallTool(ctx, params); err != nil {
		return err
	}
	if err := until(t.heard(func() bool { return len(t.progress) >= 3 }), "three notifications"); err != nil {
		return err
	}
	last := t.progress[len(t.progress)-1]
	return equal([]float64{last.Progress, last.Total}, []float64{3, 3})
}

// Calls with log messages from that level on.
func (t *talk) atLevel(ctx context.Context, level mcp.LoggingLevel) error {
	params := &mcp.CallToolParams{Name: "wait", Arguments: arguments{"steps": 2, "step_ms": 10}}
	if t.modern {
		params.Meta = mcp.Meta{"io.modelcontextprotocol/logLevel": level}
	} else if err := t.SetLoggingLevel(ctx, &mcp.SetLoggingLevelParams{Level: level}); err != nil {
		return err
	}
	_, err := t.CallTool(ctx, params)
	return err
}

func logMessagesByLevel(ctx context.Context, t *talk) error {
	if err := t.atLevel(ctx, "error"); err != nil {
		return err
	}
	if !t.heard(func() bool { return len(t.logs) == 0 })() {
		return errors.New("messages beneath the level")
	}
	if err := t.atLevel(ctx, "info"); err != nil {
		return err
	}
	if err := until(t.heard(func() bool { return len(t.logs) >= 2 }), "two log messages"); err != nil {
		return err
	}
	return equal(t.logs[0], any("step 1 is done"))
}

func cancel(ctx context.Context, t *talk) error {
	params := &mcp.CallToolParams{Name: "wait", Arguments: arguments{"steps": 1000, "step_ms": 50}, Meta: mcp.Meta{}}
	params.SetProgressToken("token")
	running, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() {
		_, err := t.CallTool(running, params)
		ended <- err
	}()
	err := until(t.heard(func() bool { return len(t.progress) > 0 }), "progress")
	stop()
	if ended := <-ended; err == nil && !errors.Is(ended, context.Canceled) {
		err = fmt.Errorf("not cancelled: %v", ended)
	}
	if err != nil {
		return err
	}
	return says("echo", arguments{"text": "still there"}, "still there")(ctx, t)
}

func resources(ctx context.Context, t *talk) error {
	result, err := t.ListResources(ctx, nil)
	if err != nil {
		return err
	}
	found := map[string]bool{}
	for _, one := range result.Resources {
		found[one.URI] = true
	}
	return equal(found, map[string]bool{"every://about": true, "every://dot": true})
}

func reads(uri, text string, blob []byte) func(context.Context, *talk) error {
	return func(ctx context.Context, t *talk) error {
		result, err := t.ReadResource(ctx, &mcp.ReadResourceParams{URI: uri})
		if err != nil {
			return err
		}
		return equal([]any{result.Contents[0].Text, result.Contents[0].Blob}, []any{text, blob})
	}
}

func templates(ctx context.Context, t *talk) error {
	result, err := t.ListResourceTemplates(ctx, nil)
	if err != nil {
		return err
	}
	if err := equal(result.ResourceTemplates[0].URITemplate, "every://item/{number}"); err != nil {
		return err
	}
	return reads("every://item/7", "item 7", nil)(ctx, t)
}

func unknownResource(ctx context.Context, t *talk) error {
	if _, err := t.ReadResource(ctx, &mcp.ReadResourceParams{URI: "every://nothing"}); err == nil {
		return errors.New("no error")
	}
	return nil
}

// Calls a tool again and again: a session may listen (GET) a little after it began.
func (t *talk) callUntil(ctx context.Context, tool string, heard func() bool) error {
	return until(func() bool {
		_, err := t.CallTool(ctx, &mcp.CallToolParams{Name: tool})
		return err == nil && t.heard(heard)()
	}, tool+" is heard of")
}

func updated(ctx context.Context, t *talk) error {
	if err := t.Subscribe(ctx, &mcp.SubscribeParams{URI: "every://dot"}); err != nil {
		return err
	}
	if err := t.callUntil(ctx, "touch", func() bool { return len(t.updated) > 0 }); err != nil {
		return err
	}
	return t.Unsubscribe(ctx, &mcp.UnsubscribeParams{URI: "every://dot"})
}

func listsThatChange(ctx context.Context, t *talk) error {
	return t.callUntil(ctx, "toggle", func() bool { return t.changed > 0 })
}

func prompts(ctx context.Context, t *talk) error {
	result, err := t.ListPrompts(ctx, nil)
	if err != nil {
		return err
	}
	letter := result.Prompts[0]
	return equal([]string{letter.Name, letter.Arguments[0].Name}, []string{"letter", "to"})
}

func prompt(ctx context.Context, t *talk) error {
	given := map[string]string{"to": "Ada"}
	result, err := t.GetPrompt(ctx, &mcp.GetPromptParams{Name: "letter", Arguments: given})
	if err != nil {
		return err
	}
	var said []string
	for _, one := range result.Messages {
		said = append(said, string(one.Role)+": "+one.Content.(*mcp.TextContent).Text)
	}
	return equal(said, []string{"user: Write a letter to Ada.", "assistant: Dear Ada,"})
}

func completion(ctx context.Context, t *talk) error {
	for _, one := range []struct {
		ref    *mcp.CompleteReference
		given  mcp.CompleteParamsArgument
		wanted []string
	}{
		{&mcp.CompleteReference{Type: "ref/prompt", Name: "letter"},
			mcp.CompleteParamsArgument{Name: "to", Value: "A"}, []string{"Ada", "Alan"}},
		{&mcp.CompleteReference{Type: "ref/resource", URI: "every://item/{number}"},
			mcp.CompleteParamsArgument{Name: "number", Value: "1"}, []string{"1", "12"}},
	} {
		result, err := t.Complete(ctx, &mcp.CompleteParams{Ref: one.ref, Argument: one.given})
		if err != nil {
			return err
		}
		if err := equal(result.Completion.Values, one.wanted); err != nil {
			return err
		}
	}
	return nil
}
