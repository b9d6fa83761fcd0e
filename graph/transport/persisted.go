package transport

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/hashicorp/golang-lru/v2"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// TrustedMode says what the manifest of trusted documents means.
type TrustedMode string

const (
	// TrustedOff runs any document and has no manifest.
	TrustedOff TrustedMode = "off"
	// TrustedPrefer runs any document, and lets clients name those of the manifest by their id.
	TrustedPrefer TrustedMode = "prefer"
	// TrustedOnly runs the documents of the manifest and no other, by id or in full.
	TrustedOnly TrustedMode = "only"
)

// PersistedDocuments is a gqlgen extension that finds the document of a request that names it by a hash or
// an id instead of sending it, on every door: automatic persisted queries, which a client sends once in
// full together with their SHA-256, and trusted documents, which a manifest lists beforehand. A name that
// is not known is answered with PERSISTED_QUERY_NOT_FOUND.
type PersistedDocuments struct {
	mode     TrustedMode
	manifest map[string]string          // by id, and by hash
	texts    map[string]struct{}        // of the manifest
	learned  *lru.Cache[string, string] // by hash
}

const (
	// learnedDocuments and learnedSize bound the automatic ones to 16 MiB. A client has a few dozen, of 1
	// to 3 KiB each; longer ones run, but are to be sent in full each time.
	learnedDocuments = 1000
	learnedSize      = 16 << 10
)

// NewPersistedDocuments returns the extension. manifest holds the trusted documents by their id (see
// ReadManifest); with TrustedOff it must be empty, else not.
func NewPersistedDocuments(mode TrustedMode, manifest map[string]string) (*PersistedDocuments, error) {
	switch mode {
	case TrustedOff:
		if len(manifest) > 0 {
			return nil, fmt.Errorf("there is a manifest of trusted documents, but their mode is %q: set it to %q or %q", mode, TrustedPrefer, TrustedOnly)
		}
	case TrustedPrefer, TrustedOnly:
		if len(manifest) == 0 {
			return nil, fmt.Errorf("the mode of trusted documents is %q, but their manifest is empty", mode)
		}
	default:
		return nil, fmt.Errorf("unknown mode %q of trusted documents: use %q, %q or %q", mode, TrustedOff, TrustedPrefer, TrustedOnly)
	}
	p := &PersistedDocuments{mode: mode, manifest: map[string]string{}, texts: map[string]struct{}{}}
	for id, text := range manifest {
		p.manifest[bareID(id)], p.manifest[hashOf(text)] = text, text
		p.texts[text] = struct{}{}
	}
	var err error
	p.learned, err = lru.New[string, string](learnedDocuments)
	return p, err
}

// ReadManifest reads a manifest: a JSON object of ids, or SHA-256 hashes in hex, and their documents, as
// the code generators of Relay and GraphQL Codegen write it. An id that looks like a SHA-256 must be the
// hash of its document.
func ReadManifest(r io.Reader) (map[string]string, error) {
	raw, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("read the manifest: %w", err)
	}
	var manifest map[string]string
	if err := json.Unmarshal(raw, &manifest); err != nil {
		return nil, fmt.Errorf("the manifest must be a JSON object of ids and documents: %w", err)
	}
	for id, text := range manifest {
		if id == "" || text == "" {
			return nil, fmt.Errorf("the manifest has an empty id or document")
		}
		if hash := bareID(id); isHash(hash) && hash != hashOf(text) {
			return nil, fmt.Errorf("the document %s of the manifest has another SHA-256: generate the manifest again", id)
		}
	}
	return manifest, nil
}

// IsTrusted says that the document of an operation is one of the manifest.
func IsTrusted(oc *graphql.OperationContext) bool {
	return oc.Stats.GetExtension(trustedStat) != nil
}

const (
	documentIDExtension = "documentId"    // where ParseRequest puts it
	trustedStat         = "Trusted"       // set on operations of the manifest
	learnStat           = "PersistedHash" // the hash to learn a valid document by
)

// ExtensionName names the extension to gqlgen.
func (*PersistedDocuments) ExtensionName() string { return "PersistedDocuments" }

// Validate accepts any schema.
func (*PersistedDocuments) Validate(graphql.ExecutableSchema) error { return nil }

// MutateOperationParameters puts the document in the place of its name.
func (p *PersistedDocuments) MutateOperationParameters(ctx context.Context, params *graphql.RawParams) *gqlerror.Error {
	id, hash, err := namesOf(params)
	if err != nil {
		return err
	}
	stats := &graphql.GetOperationContext(ctx).Stats
	if params.Query == "" {
		text, ok := p.manifest[id]
		if !ok {
			text, ok = p.learned.Get(hash)
		}
		if !ok {
			return requestError(codeNotPersisted, "PersistedQueryNotFound") // clients look for this very message
		}
		params.Query = text
	} else if hash != "" {
		if hashOf(params.Query) != hash {
			return requestError(codeBadRequest, "sha256Hash is not the SHA-256 of query in lower-case hex")
		}
		stats.SetExtension(learnStat, hash)
	}
	if _, ok := p.texts[params.Query]; ok {
		stats.SetExtension(trustedStat, true)
	} else if p.mode == TrustedOnly {
		return requestError(codeForbidden, "this server runs trusted documents only: send the documentId of one")
	}
	return nil
}

// MutateOperationContext learns a document once it is known to be valid, so that junk displaces nothing.
func (p *PersistedDocuments) MutateOperationContext(_ context.Context, oc *graphql.OperationContext) *gqlerror.Error {
	hash, ok := oc.Stats.GetExtension(learnStat).(string)
	if ok && len(oc.RawQuery) <= learnedSize {
		p.learned.Add(hash, strings.Clone(oc.RawQuery))
	}
	return nil
}

// namesOf returns what a request names its document by: an id, an id that is a hash, or neither.
func namesOf(params *graphql.RawParams) (id, hash string, _ *gqlerror.Error) {
	if v, ok := params.Extensions[documentIDExtension]; ok {
		if id, ok = v.(string); !ok || id == "" {
			return "", "", requestError(codeBadRequest, "documentId must be a string")
		}
		return bareID(id), "", nil
	}
	v, ok := params.Extensions["persistedQuery"]
	if !ok || v == nil {
		return "", "", nil
	}
	persisted, _ := v.(map[string]any)
	hash, _ = persisted["sha256Hash"].(string)
	if !isHash(hash) || fmt.Sprint(persisted["version"]) != "1" {
		return "", "", requestError(codeBadRequest,
			`persistedQuery must be {"version": 1, "sha256Hash": "..."}, with 64 digits of lower-case hex`)
	}
	return hash, hash, nil
}

// bareID takes off the prefix of the algorithm that some clients write.
func bareID(id string) string { return strings.TrimPrefix(id, "sha256:") }

func isHash(s string) bool {
	return len(s) == 2*sha256.Size && strings.Trim(s, "0123456789abcdef") == ""
}

func hashOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}
