//go:build browser

package web_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/chromedp/chromedp"
)

// TestPlaygroundOfServer uses the playground of a real server: the one at NOTEWIRE_URL, which may be any that takes
// registrations, or one that it builds and starts.
func TestPlaygroundOfServer(t *testing.T) {
	t.Parallel()
	url := os.Getenv("NOTEWIRE_URL")
	if url == "" {
		url = startServer(t)
	}
	runPlayground(t, strings.TrimSuffix(url, "/"))
}

// startServer builds this program, starts it in an empty folder and returns its address.
func startServer(t *testing.T) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "notewire")
	if out, err := exec.Command("go", "build", "-o", program, "..").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	server := exec.Command(program, "--addr", "127.0.0.1:0", "--drain-delay", "0s", "--data-dir", filepath.Join(t.TempDir(), "data"))
	log, err := server.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = server.Process.Signal(syscall.SIGTERM)
		_ = server.Wait()
	})
	for lines := bufio.NewScanner(log); lines.Scan(); {
		var entry struct{ Msg, Page string }
		if json.Unmarshal(lines.Bytes(), &entry) == nil && entry.Msg == "ready" {
			go func() { _, _ = io.Copy(io.Discard, log) }()
			return entry.Page
		}
		t.Log(lines.Text())
	}
	t.Fatal("the server ended before it was ready")
	return ""
}

// runPlayground does in a browser what a newcomer does in the playground of a real server: read the board, make an account,
// listen, and see a note arrive. It needs nothing of the server but its address, without a slash at the end.
func runPlayground(t *testing.T, url string) {
	tab := openTab(t, url, 1440, 900)
	tab.do(chromedp.Navigate(url + "/playground"))
	tab.wait("the editor", "document.querySelector('.graphiql-query-editor .view-line')?.textContent.includes('Welcome')")
	tab.wantWorkers("editor", "json", "graphql")

	// A query, as nobody.
	tab.run()
	tab.wantResponse(`"pageInfo"`)

	// The schema has arrived, and the GraphQL worker finds what is not in it.
	query := tab.editor("operation.graphql")
	tab.setEditor("operation.graphql", "{ noSuchField }")
	tab.wait("a mark under an unknown field", "document.querySelector('.graphiql-query-editor .squiggly-error')")
	tab.setEditor("operation.graphql", query)

	// An account; its token goes into the Headers.
	name := "pg_" + strings.ToLower(rand.Text()[:12])
	tab.open("Register")
	tab.setVariables(map[string]any{"input": map[string]any{"username": name, "password": rand.Text(), "displayName": "민지"}})
	tab.run()
	tab.wantResponse(`"token": "`)
	var registered struct {
		Data struct {
			Register struct{ Token string }
		}
	}
	if err := json.Unmarshal([]byte(tab.editor("response.json")), &registered); err != nil {
		t.Fatal(err)
	}
	token := registered.Data.Register.Token

	// Live, and signed in on the socket too: what the same user sends elsewhere arrives here.
	tab.open("Events")
	tab.wait("the token in the Headers", fmt.Sprintf("(%s).includes(%q)", editorScript("request-headers.json"), "Bearer "+token))
	var now struct {
		Viewer struct{ Cursor string }
	}
	post(t, url, token, `{ viewer { cursor } }`, nil, &now)
	tab.setVariables(map[string]any{"after": now.Viewer.Cursor})
	tab.run()
	body := "안녕! 토요일 열 시에 봐요. " + rand.Text()[:6]
	sendNote(t, url, token, body)
	tab.wantResponse(body)
	if path := os.Getenv("NOTEWIRE_SCREENSHOT"); path != "" { // the picture in the README
		png, err := chromedp.Run(tab.ctx, chromedp.CaptureScreenshot())
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, png, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	tab.run() // The same button stops it.

	// Other Headers are used by the next subscription.
	tab.setEditor("request-headers.json", "{}")
	tab.run()
	tab.wantResponse(`"errors"`)
}

func editorScript(name string) string {
	return fmt.Sprintf("__MONACO.editor.getModels().find(m => m.uri.path.endsWith(%q)).getValue()", name)
}

// editor returns the text of one of GraphiQL's editors.
func (tab *tab) editor(name string) string {
	tab.t.Helper()
	return eval[string](tab, editorScript(name))
}

func (tab *tab) setVariables(variables map[string]any) {
	tab.t.Helper()
	text, err := json.Marshal(variables)
	if err != nil {
		tab.t.Fatal(err)
	}
	tab.setEditor("variables.json", string(text))
}

// open changes to the tab of an example.
func (tab *tab) open(operation string) {
	tab.t.Helper()
	// Not by the pointer: the tabs move while the title of one of them follows its query.
	eval[chromedp.Void](tab, fmt.Sprintf(`document.querySelector('[id^="graphiql-session-tab-"][title=%q]').click()`, operation))
	tab.wait("the tab "+operation, fmt.Sprintf("(%s).includes(%q)", editorScript("operation.graphql"), " "+operation))
}

// run presses the button that runs the operation, or stops the subscription that runs.
func (tab *tab) run() {
	tab.t.Helper()
	tab.do(chromedp.Click(chromedp.CSS(".graphiql-execute-button")))
}

func (tab *tab) wantResponse(part string) {
	tab.t.Helper()
	tab.wait("the response to contain "+part, fmt.Sprintf("(%s).includes(%q)", editorScript("response.json"), part))
}

// sendNote writes a note from the owner of token to a new account.
func sendNote(t *testing.T, url, token, body string) {
	t.Helper()
	var other struct {
		Register struct {
			Viewer struct {
				User struct{ ID string }
			}
		}
	}
	post(t, url, "", `mutation($input: RegisterInput!) { register(input: $input) { viewer { user { id } } userErrors { message } } }`,
		map[string]any{"username": "pg_" + strings.ToLower(rand.Text()[:12]), "password": rand.Text(), "displayName": "Jun"}, &other)
	var sent struct {
		SendNote struct{ UserErrors []struct{ Message string } }
	}
	post(t, url, token, `mutation($input: SendNoteInput!) { sendNote(input: $input) { note { id } userErrors { message } } }`,
		map[string]any{"toUserIds": []string{other.Register.Viewer.User.ID}, "body": body}, &sent)
	if errors := sent.SendNote.UserErrors; len(errors) > 0 {
		t.Fatalf("sendNote: %v", errors)
	}
}

// post runs a mutation with one input and decodes its data.
func post(t *testing.T, url, token, query string, input map[string]any, data any) {
	t.Helper()
	body, err := json.Marshal(map[string]any{"query": query, "variables": map[string]any{"input": input}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url+"/graphql", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var answer struct {
		Data   json.RawMessage
		Errors []struct{ Message string }
	}
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		t.Fatalf("status %d: %v", response.StatusCode, err)
	}
	if len(answer.Errors) > 0 {
		t.Fatalf("%s: %v", query, answer.Errors)
	}
	if err := json.Unmarshal(answer.Data, data); err != nil {
		t.Fatal(err)
	}
}
